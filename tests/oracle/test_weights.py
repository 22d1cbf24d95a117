"""Weights that torch wrote, and what its `load_state_dict` says and does with them."""

from __future__ import annotations

import copy
import re
from pathlib import Path

import numpy as np
import pytest

import tensor
from tensor import nn, safetensors

torch = pytest.importorskip("torch")
library = pytest.importorskip("safetensors.torch")
pytestmark = pytest.mark.oracle

DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64"]
GUIDE = Path(__file__).parents[2] / "docs" / "weights.md"


def bits(value) -> bytes:
    array = value.contiguous().view(torch.uint8).numpy() if isinstance(value, torch.Tensor) else value.numpy()
    return np.ascontiguousarray(array).tobytes()


@pytest.mark.parametrize("dtype", DTYPES)
def test_files_go_both_ways_bit_by_bit(tmp_path, dtype):
    values = torch.tensor([[0.0, 1.0, 3.5], [2.0, 100.0, 7.0]]).to(getattr(torch, dtype))
    library.save_file({"x": values}, tmp_path / "theirs.safetensors")
    loaded = tensor.load(tmp_path / "theirs.safetensors")
    assert loaded["x"].dtype is getattr(tensor, dtype)
    assert bits(loaded["x"]) == bits(values)
    tensor.save(loaded, tmp_path / "ours.safetensors")
    assert torch.equal(library.load_file(tmp_path / "ours.safetensors")["x"], values)


@pytest.mark.parametrize("source", DTYPES)
@pytest.mark.parametrize("target", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("inside", [True, False])
def test_loading_converts_as_torch_does(source, target, inside):
    kind = getattr(torch, source)
    numbers = [[0.1, 1e-8, -3.5], [70000.0, 100.0, 2049.0]] if kind.is_floating_point else [[0, 1, 3], [2, 100, 127]]
    values = torch.tensor(numbers).to(kind)
    theirs = torch.nn.Linear(3, 2, bias=False, dtype=getattr(torch, target))
    theirs.load_state_dict({"weight": values})
    with tensor.inference_mode() if inside else tensor.no_grad():
        ours = nn.Linear(3, 2, bias=False, dtype=getattr(tensor, target))
        ours.load_state_dict(safetensors.load(library.save({"weight": values})))
        assert ours.weight.dtype is getattr(tensor, target)
        assert bits(ours.weight.detach()) == bits(theirs.weight.detach())


def build(library_nn):
    return library_nn.Sequential(library_nn.Linear(3, 4), library_nn.BatchNorm1d(4), library_nn.Linear(4, 2))


def changed(state, library):
    state = dict(state)
    state["stray"] = library.zeros(1)
    state["2.weight"] = library.zeros(2, 5)
    state["1.running_var"] = library.zeros(())
    del state["0.bias"], state["1.running_mean"]
    return state


def test_errors_are_torchs():
    theirs, ours = build(torch.nn), build(nn)
    with pytest.raises(RuntimeError) as their_error:
        theirs.load_state_dict(changed(theirs.state_dict(), torch))
    with pytest.raises(RuntimeError) as our_error:
        ours.load_state_dict(changed(ours.state_dict(), tensor))
    ordered = [
        sorted(str(error.value).replace("torch.", "tensor.").split("\n\t")) for error in (their_error, our_error)
    ]
    assert ordered[0] == ordered[1]


@pytest.mark.parametrize("assign", [True, False])
def test_lenient_loading_returns_the_same_keys(assign):
    states = []
    for library_nn, library_ in ((torch.nn, torch), (nn, tensor)):
        net = build(library_nn)
        state = {key: value for key, value in changed(net.state_dict(), library_).items() if key[0] in "01s"}
        state.pop("1.running_var")
        states.append(net.load_state_dict(state, strict=False, assign=assign))
    assert sorted(states[0].missing_keys) == sorted(states[1].missing_keys)
    assert states[0].unexpected_keys == states[1].unexpected_keys


def test_files_from_before_batches_were_counted_are_loaded():
    for net in (build(torch.nn), build(nn)):
        state = {key: value for key, value in net.state_dict().items() if "num_batches" not in key}
        assert repr(net.load_state_dict(state)) == "<All keys matched successfully>"


def test_a_model_saved_with_tied_weights_is_loaded(tmp_path):
    class Theirs(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.table, self.head = torch.nn.Embedding(5, 3), torch.nn.Linear(3, 5, bias=False)
            self.head.weight = self.table.weight

    class Ours(nn.Module):
        def __init__(self):
            super().__init__()
            self.table, self.head = nn.Embedding(5, 3), nn.Linear(3, 5, bias=False)
            self.head.weight = self.table.weight

    theirs, ours, again = Theirs(), Ours(), Theirs()
    library.save_model(theirs, tmp_path / "tied.safetensors")
    assert safetensors.load_model(ours, tmp_path / "tied.safetensors") == ([], [])
    assert ours.head.weight.tolist() == theirs.table.weight.tolist()
    safetensors.save_model(ours, tmp_path / "ours.safetensors")
    assert library.load_model(again, tmp_path / "ours.safetensors") == (set(), [])
    assert again.head.weight.tolist() == theirs.table.weight.tolist()


def test_what_the_guide_says_about_exporting_works(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    net = build(torch.nn)
    torch.save({**net.state_dict(), "tied": net[0].weight}, "model.pt")
    exec(re.search(r"```python\n(import torch\n.*?)```", GUIDE.read_text(), re.DOTALL)[1], {})
    loaded = tensor.load("model.safetensors")
    assert bits(loaded["tied"]) == bits(loaded["0.weight"]) == bits(net[0].weight.detach())
    with pytest.raises(tensor.serialization.WeightsFileError, match=r"model\.pt: it is a zip archive.*save_file"):
        tensor.load("model.pt")
    torch.save(net.state_dict(), "model.pt", _use_new_zipfile_serialization=False)
    with pytest.raises(tensor.serialization.WeightsFileError, match=r"model\.pt: it is a pickle.*save_file"):
        tensor.load("model.pt")


# --- Training checkpoints ---------------------------------------------------------------------------------------------

SCHEDULES = {
    "StepLR": {"step_size": 2},
    "MultiStepLR": {"milestones": [1, 3]},
    "OneCycleLR": {"max_lr": 0.3, "total_steps": 9},
    "CosineAnnealingWarmRestarts": {"T_0": 3},
    "CyclicLR": {"base_lr": 0.01, "max_lr": 0.1},
    "LambdaLR": {"lr_lambda": lambda epoch: 0.9**epoch},
    "ReduceLROnPlateau": {"patience": 1},
}


def run_with_checkpoint(library, name, path):
    """Train, write a checkpoint as scripts do, read it, and go on: the checkpoint, and the values at the end."""
    rows = library.arange(12.0).reshape(4, 3) / 10

    def make():
        net = library.nn.Sequential(library.nn.Linear(3, 2), library.nn.BatchNorm1d(2), library.nn.Linear(2, 1))
        with library.no_grad():
            for each in net.parameters():
                each.copy_(library.arange(each.numel()).reshape(each.shape) / 7)
        optimizer = library.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
        return net, optimizer, getattr(library.optim.lr_scheduler, name)(optimizer, **SCHEDULES[name])

    def train(net, optimizer, schedule):
        for _ in range(3):
            optimizer.zero_grad()
            loss = net(rows).pow(2).mean()
            loss.backward()
            optimizer.step()
            schedule.step(*([loss.item()] if name == "ReduceLROnPlateau" else []))
        return loss

    net, optimizer, schedule = make()
    loss = train(net, optimizer, schedule)
    library.save(
        {
            "epoch": 3,
            "model_state_dict": net.state_dict(),
            "optimizer_state_dict": optimizer.state_dict(),
            "scheduler": schedule.state_dict(),
            "loss": loss,
            "history": [(1, 0.5), {"best": float("inf"), 7: None, "done": False, "name": "run"}],
        },
        path,
    )
    checkpoint = library.load(path, map_location="cpu", weights_only=library is tensor)
    before = copy.deepcopy(checkpoint)  # torch trains on the checkpoint's own tensors
    net, optimizer, schedule = make()
    net.load_state_dict(checkpoint["model_state_dict"])
    optimizer.load_state_dict(checkpoint["optimizer_state_dict"])
    schedule.load_state_dict(checkpoint["scheduler"])
    train(net, optimizer, schedule)
    return before, [each.tolist() for each in net.state_dict().values()]


def plain(value, number):
    """A structure with `number` of each tensor's array and each float, and each mapping as a dict."""
    if isinstance(value, torch.Tensor | tensor.Tensor):
        return number(value.detach().numpy())
    if isinstance(value, dict):
        return {key: plain(each, number) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(plain(each, number) for each in value)
    return number(value) if isinstance(value, float) else value


@pytest.mark.parametrize("name", SCHEDULES)
def test_training_checkpoints_are_written_and_read_as_with_torch(tmp_path, name):
    (theirs, their_end), (ours, our_end) = (
        run_with_checkpoint(each, name, tmp_path / each.__name__) for each in (torch, tensor)
    )
    for key in ("epoch", "model_state_dict", "optimizer_state_dict", "loss", "history"):
        assert plain(ours[key], lambda x: x) == plain(theirs[key], lambda x: pytest.approx(x, rel=1e-4, abs=1e-5))
    assert set(ours["scheduler"]) == set(theirs["scheduler"])
    for one, other in zip(our_end, their_end, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
