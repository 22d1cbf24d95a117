"""Training checkpoints: nested structures in a safetensors file, and back; damage is refused."""

from __future__ import annotations

import contextlib
import io
import json
import math
import re
from collections import OrderedDict, namedtuple
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st

import tensor
from tensor import nn, optim
from tensor.serialization import STRUCTURE_KEY, WeightsFileError, load, read_header, save
from tensor.structures import rebuild

GUIDE = Path(__file__).parents[2] / "docs" / "weights.md"

plain_values = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
structures = st.recursive(
    plain_values | st.lists(st.floats(width=32), max_size=3).map(tensor.tensor),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text() | st.integers(), inner, max_size=3)
    ),
    max_leaves=12,
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "checkpoint.safetensors"


def saved(value):
    stream = io.BytesIO()
    save(value, stream)
    stream.seek(0)
    return stream


def shown(value):
    """A structure with its types, so that 1 and True, lists and tuples, nan and nan compare as they should."""
    if isinstance(value, tensor.Tensor):
        return "tensor", str(value.dtype), value.numpy().tobytes(), tuple(value.shape)
    if isinstance(value, dict):
        return "dict", [(shown(key), shown(each)) for key, each in value.items()]
    if isinstance(value, list | tuple):
        return type(value).__name__, [shown(each) for each in value]
    return type(value).__name__, repr(value)


def test_training_goes_on_from_a_checkpoint(path):
    ends = []
    net = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    optimizer = optim.AdamW(net.parameters(), lr=0.1)
    schedule = optim.lr_scheduler.MultiStepLR(optimizer, [1, 3])
    rows = tensor.arange(8.0).reshape(4, 2)

    def train(net, optimizer, schedule):
        for _ in range(2):
            optimizer.zero_grad()
            (net(rows) ** 2).sum().backward()
            optimizer.step()
            schedule.step()
        return [each.tolist() for each in net.state_dict().values()]

    train(net, optimizer, schedule)
    save(
        {
            "epoch": 2,
            "model_state_dict": net.state_dict(),
            "optimizer_state_dict": optimizer.state_dict(),
            "scheduler": schedule.state_dict(),
            "loss": np.float32(0.5),
            "best": math.inf,
            "rng": tensor.get_rng_state(),
        },
        path,
    )
    ends.append(train(net, optimizer, schedule))
    found = load(path)
    assert (found["epoch"], found["loss"], found["best"]) == (2, 0.5, math.inf)
    net = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    net.load_state_dict(found["model_state_dict"])
    optimizer = optim.AdamW(net.parameters(), lr=0.7)
    schedule = optim.lr_scheduler.MultiStepLR(optimizer, [5])
    optimizer.load_state_dict(found["optimizer_state_dict"])
    schedule.load_state_dict(found["scheduler"])
    tensor.set_rng_state(found["rng"])
    ends.append(train(net, optimizer, schedule))
    assert ends[0] == ends[1]


def test_what_the_guide_says_works(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = {}
    exec(re.search(r"```python\n(import tensor\n\nmodel.*?)```", GUIDE.read_text(), re.DOTALL)[1], found)
    assert found["epoch"] == 4


@settings(max_examples=50)
@given(structures)
def test_what_is_saved_is_loaded(value):
    assert shown(load(saved(value))) == shown(value)


def test_numbers_of_numpy_and_other_kinds_of_dicts_are_loaded_as_pythons():
    value = OrderedDict(a=[np.float64(0.1), np.int64(3), np.bool_(True), np.str_("x")], b=tensor.Size([2]))
    assert shown(load(saved(value))) == shown({"a": [0.1, 3, True, "x"], "b": (2,)})
    assert load(saved({np.int32(4): None})) == {4: None}


def test_files_name_tensors_by_their_places(path):
    one = {"a": {"b": tensor.zeros(1)}, "a.b": tensor.ones(1), "x": [tensor.zeros(2)], "epoch": 1}
    save(one, path, metadata={"format": "pt"})
    header = read_header(path)
    assert list(header.entries) == ["a.b", "a.b_", "x.0"]
    assert header.metadata["format"] == "pt"
    assert shown(load(path)) == shown(one)
    assert list(tensor.safetensors.load_file(path)) == ["a.b", "a.b_", "x.0"]
    save({"__metadata__": tensor.ones(1), "epoch": 1}, path)
    assert load(path)["__metadata__"].item() == 1
    save({"weight": tensor.ones(1)}, path)
    assert STRUCTURE_KEY not in read_header(path).metadata


@pytest.mark.parametrize("mapped", [True, False])
def test_tied_tensors_are_written_once_and_stay_tied(path, mapped):
    net = nn.Sequential(nn.Linear(3, 3, bias=False), nn.Linear(3, 3, bias=False))
    net[1].weight = net[0].weight
    rows = tensor.ones(2, 3)
    save({"model": net.state_dict(), "rows": rows, "first": rows[:1], "turned": net[0].weight.T}, path)
    assert list(read_header(path).entries) == ["model.0.weight", "rows", "first", "turned"]
    found = load(path, mmap=mapped)
    assert found["model"]["0.weight"] is found["model"]["1.weight"]
    assert found["turned"].tolist() == net[0].weight.T.tolist()


@pytest.mark.parametrize("mapped", [True, False])
def test_the_mark_is_kept_for_each_tensor(path, mapped):
    with tensor.inference_mode(), tensor.marks.origin(job="nightly"):
        marked = tensor.ones(2)
    save({"cache": [marked, {"x": marked}], "plain": tensor.ones(2), "epoch": 1}, path)
    found = load(path, mmap=mapped)
    assert found["cache"][0].is_inference()
    assert found["cache"][1]["x"].origin.job == "nightly"
    assert not found["plain"].is_inference()
    with tensor.inference_mode():
        assert load(path, mmap=mapped)["plain"].is_inference()


Point = namedtuple("Point", "x y")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"opt": [{"hook": print}]}, r"obj\['opt'\]\[0\]\['hook'\] is a builtin_function_or_method"),
        ({"x": np.zeros(2)}, r"\['x'\] is a ndarray: pass a tensor, from_numpy"),
        ({"model": nn.Linear(1, 1)}, r"\['model'\] is a Linear: pass its state_dict\(\)"),
        ({"x": Point(1, 2)}, r"is a Point: pass its _asdict\(\)"),
        ({"x": {1}}, "is a set: pass a list"),
        ({"x": b"1"}, "is a bytes"),
        ({"x": 1j}, r"obj\['x'\] is a complex: pass its real and"),
        ({"x": tensor.complex(tensor.ones(1), tensor.ones(1))}, "is a ComplexTensor: pass its real"),
        ({"x": {(1, 2): 3}}, r"\['x'\] has the key \(1, 2\)"),
        ({True: 3}, "obj has the key True"),
        (object(), "obj is a object"),
    ],
)
def test_what_is_neither_tensor_nor_plain_is_refused_by_place(path, value, message):
    with pytest.raises(TypeError, match=message):
        save(value, path)
    assert not path.exists()


def test_structures_are_no_deeper_than_can_be_read_back(path):
    value = []
    for _ in range(63):
        value = {"x": value}
    assert load(saved(value)) == value
    value["self"] = value
    with pytest.raises(ValueError, match="deeper than 64 levels, or holds itself"):
        save(value, path)


def test_the_name_of_the_structure_is_kept(path):
    with pytest.raises(WeightsFileError, match=r"metadata has 'shoal\.structure'"):
        save({"x": tensor.ones(1)}, path, metadata={STRUCTURE_KEY: "{}"})


def test_values_that_are_not_finite_are_found(path):
    save({"a": {"b": tensor.tensor([math.nan])}, "best": math.nan}, path)
    with pytest.raises(WeightsFileError, match=r"a\.b \(1 of 1\)"):
        load(path, check_finite=True)


# --- Damage -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "NaN",
        "{}",
        "[]",
        '{"tensor":"y"}',
        '{"tensor":["x"]}',
        '{"tensor":"x","more":1}',
        '{"list":{"tensor":"x"}}',
        '{"tuple":[[]]}',
        '{"float":"1"}',
        '{"dict":[["x"]]}',
        '{"dict":[[true,{"tensor":"x"}]]}',
        '{"dict":[[null,{"tensor":"x"}]]}',
        '{"dict":[["a",1],["a",{"tensor":"x"}]]}',
        '{"dict":[[1.5,{"tensor":"x"}]]}',
        "3",
        "9" * 5000,
        '{"list":[' * 200_000,
        '{"list":[' * 400 + "]}" * 400,
    ],
    ids=lambda text: text[:40],
)
def test_a_damaged_structure_is_refused(path, text):
    safetensors.numpy.save_file({"x": np.ones(1, np.float32)}, path, metadata={STRUCTURE_KEY: text})
    with pytest.raises(WeightsFileError, match=r"checkpoint\.safetensors: its shoal\.structure is damaged"):
        load(path)
    with path.open("rb") as file, pytest.raises(WeightsFileError, match="damaged"):
        load(file)


@settings(max_examples=300)
@given(structures, st.data())
def test_a_structure_with_changed_text_is_read_or_refused(value, data):
    stream = saved([value])
    changed = list(read_text(stream))
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.sampled_from('{}[],:"0e-.xdlt\\u \n'))
    with contextlib.suppress(ValueError):
        rebuild("".join(changed), tensor.safetensors.load(stream.getvalue()))


def read_text(stream):
    size = int.from_bytes(stream.getvalue()[:8], "little")
    return json.loads(stream.getvalue()[8 : 8 + size])["__metadata__"][STRUCTURE_KEY]
