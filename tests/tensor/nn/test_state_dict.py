"""State dicts: what they cover, how loading checks them, and when it shares memory."""

from __future__ import annotations

import numpy as np
import pytest

import tensor
from tensor import nn, safetensors
from tensor.errors import InferenceTensorError
from tensor.nn.state_dict import StateDictError


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(3, 4)
        self.out = nn.Linear(4, 2)
        self.register_buffer("seen", tensor.tensor(0))
        self.register_buffer("scratch", tensor.zeros(1), persistent=False)

    def forward(self, x):
        return self.out(self.hidden(x).relu())


KEYS = ["seen", "hidden.weight", "hidden.bias", "out.weight", "out.bias"]


def values(net: nn.Module) -> dict[str, list]:
    return {name: value.tolist() for name, value in net.state_dict().items()}


def test_it_covers_parameters_and_persistent_buffers_without_copying():
    net = Net()
    state = net.state_dict()
    assert list(state) == KEYS
    assert not any(value.requires_grad for value in state.values())
    state["out.bias"].fill_(7)
    assert net.out.bias.tolist() == [7, 7]


def test_it_may_have_a_prefix_or_hold_the_parameters_themselves():
    net = Net()
    assert list(net.state_dict(prefix="net.")) == [f"net.{key}" for key in KEYS]
    assert net.state_dict(keep_vars=True)["out.bias"] is net.out.bias


def test_loading_copies_values_and_keeps_parameters_the_same_objects():
    source, net = Net(), Net()
    parameters = list(net.parameters())
    assert repr(net.load_state_dict(source.state_dict())) == "<All keys matched successfully>"
    assert values(net) == values(source)
    assert all(now is then for now, then in zip(net.parameters(), parameters, strict=True))
    with tensor.no_grad():
        source.out.bias.fill_(9)
    assert net.out.bias.tolist() != [9, 9]


def test_loading_converts_dtypes():
    net = Net()
    net.load_state_dict(Net().double().state_dict())
    assert net.out.weight.dtype == tensor.float32


def test_what_does_not_fit_is_listed_and_nothing_changes():
    net = Net()
    before = values(net)
    state = {name: value + 1 for name, value in net.state_dict().items()}
    state["stray"] = state.pop("seen")
    del state["hidden.weight"]
    state["out.bias"] = tensor.zeros(3)
    state["out.weight"] = np.zeros((2, 4))
    with pytest.raises(StateDictError) as caught:
        net.load_state_dict(state)
    assert str(caught.value) == (
        "Error(s) in loading state_dict for Net:\n"
        '\tMissing key(s) in state_dict: "seen", "hidden.weight". \n'
        '\tUnexpected key(s) in state_dict: "stray". \n'
        '\t"out.weight" is a ndarray in the state_dict: pass tensors (from_numpy makes one of an array)\n'
        "\tsize mismatch for out.bias: copying a param with shape tensor.Size([3]) from checkpoint, "
        "the shape in current model is tensor.Size([2])."
    )
    assert isinstance(caught.value, RuntimeError)
    assert values(net) == before


def test_lenient_loading_takes_what_fits_and_returns_the_rest():
    net = Net()
    result = net.load_state_dict({"out.bias": tensor.ones(2), "stray": tensor.ones(1)}, strict=False)
    assert net.out.bias.tolist() == [1, 1]
    assert result.missing_keys == ["seen", "hidden.weight", "hidden.bias", "out.weight"]
    assert result.unexpected_keys == ["stray"]
    assert "missing_keys" in repr(result)


def test_lenient_loading_still_refuses_other_shapes():
    with pytest.raises(StateDictError, match=r"size mismatch for out\.bias"):
        Net().load_state_dict({"out.bias": tensor.ones(3)}, strict=False)


def test_assigning_uses_the_given_tensors():
    net = Net()
    net.out.bias.requires_grad_(False)
    state = Net().double().state_dict()
    net.load_state_dict(state, assign=True)
    assert net.out.weight.dtype == tensor.float64
    assert isinstance(net.out.weight, nn.Parameter)
    assert [net.out.weight.requires_grad, net.out.bias.requires_grad] == [True, False]
    state["out.bias"].fill_(5)
    assert net.out.bias.tolist() == [5, 5]
    state["seen"].fill_(3)
    assert net.seen.item() == 3


def test_what_is_trained_is_not_left_on_a_mapped_file(tmp_path):
    path = tmp_path / "x.safetensors"
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    tensor.save(net.state_dict(), path)
    net[2].requires_grad_(False)
    weights = tensor.load(path)
    net.load_state_dict(weights, assign=True)
    assert net[0].weight.tolist() == weights["0.weight"].tolist()
    assert net[2].weight.data_ptr() == weights["2.weight"].data_ptr()
    optimizer = tensor.optim.SGD([each for each in net.parameters() if each.requires_grad], lr=1.0)
    net(tensor.rand(2, 3)).sum().backward()
    optimizer.step()
    assert net[0].weight.tolist() != weights["0.weight"].tolist()
    assert net[1].num_batches_tracked.item() == 1
    with tensor.inference_mode():
        replica = nn.Linear(3, 4)
        replica.load_state_dict({"weight": weights["0.weight"], "bias": weights["0.bias"]}, assign=True)
    assert replica.weight.data_ptr() == weights["0.weight"].data_ptr()


@pytest.mark.parametrize("assign", [True, False])
def test_shared_parameters_stay_shared(assign):
    net = Net()
    net.twin = net.out
    net.load_state_dict(net.state_dict(), assign=assign)
    assert net.twin.weight is net.out.weight


def test_a_vector_of_one_is_taken_for_a_scalar():
    net = Net()
    net.load_state_dict(net.state_dict() | {"seen": tensor.tensor([4])})
    assert net.seen.item() == 4
    assert tuple(net.seen.shape) == ()


# --- Tied parameters --------------------------------------------------------------------------------------------------


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(5, 3)
        self.head = nn.Linear(3, 5, bias=False)
        self.head.weight = self.table.weight


def test_a_tied_parameter_under_one_name_only_is_explained():
    state = {"table.weight": tensor.ones(5, 3)}
    with pytest.raises(StateDictError) as caught:
        Tied().load_state_dict(state)
    assert str(caught.value) == (
        "Error(s) in loading state_dict for Tied:\n"
        '\tMissing key(s) in state_dict: "head.weight". \n'
        "\thead.weight is the same parameter as table.weight, which the state_dict has: "
        "tensor.safetensors.load_model loads files that hold such parameters once."
    )


@pytest.mark.parametrize("name", ["table.weight", "head.weight"])
@pytest.mark.parametrize("mapped", [True, False])
def test_models_are_saved_and_loaded_with_tied_parameters_once(tmp_path, name, mapped):
    path = tmp_path / "tied.safetensors"
    tensor.save({name: tensor.ones(5, 3)}, path)
    with tensor.inference_mode() if mapped else tensor.no_grad():
        net = Tied()
        assert safetensors.load_model(net, path) == ([], [])
        assert net.head.weight is net.table.weight
        assert net.head.weight.sum().item() == 15
    safetensors.save_model(net, path, metadata={"format": "pt"})
    assert list(tensor.load(path)) == ["table.weight"]
    assert tensor.serialization.read_header(path).metadata["head.weight"] == "table.weight"


def test_a_tied_parameter_that_is_loaded_by_one_name_stays_tied(tmp_path):
    path = tmp_path / "tied.safetensors"
    tensor.save({"table.weight": tensor.ones(5, 3)}, path)
    with tensor.inference_mode():
        net = Tied()
        net.load_state_dict(tensor.load(path), strict=False)
        assert net.head.weight is net.table.weight
        assert net.head.weight.sum().item() == 15


@pytest.mark.parametrize("assign", [True, False])
@pytest.mark.parametrize("inside", [True, False])
def test_of_two_values_for_a_tied_parameter_the_last_counts(tmp_path, assign, inside):
    path = tmp_path / "tied.safetensors"
    tensor.save({"table.weight": tensor.zeros(5, 3), "head.weight": tensor.ones(5, 3)}, path)
    with tensor.inference_mode() if inside else tensor.no_grad():
        net = Tied()
        net.load_state_dict(tensor.load(path), assign=assign)
        assert net.head.weight is net.table.weight
        assert net.table.weight.sum().item() == 15


def test_marked_weights_cannot_be_loaded_into_a_model_to_be_trained():
    with tensor.inference_mode():
        state = Net().state_dict()
    net = Net()
    for assign in (True, False):
        with pytest.raises(InferenceTensorError):
            net.load_state_dict(state, assign=assign)
    with tensor.inference_mode(), pytest.raises(InferenceTensorError):
        net.load_state_dict(state)


# --- Sharing in inference mode ----------------------------------------------------------------------------------------


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "net.safetensors"
    tensor.save(Net().state_dict(), path)
    return path


def shares(left: tensor.Tensor, right: tensor.Tensor) -> bool:
    return np.shares_memory(left.detach().numpy(), right.detach().numpy())


def test_inside_read_only_tensors_are_used_not_copied(path):
    with tensor.inference_mode():
        weights, net = tensor.load(path), Net()
        net.load_state_dict(weights)
        assert all(shares(value, weights[name]) for name, value in net.state_dict().items())
        net(tensor.ones(1, 3))
    assert all(type(p) is nn.Parameter and p.is_inference() and not p.requires_grad for p in net.parameters())
    assert net.seen.is_inference()


def test_inside_parameters_stay_the_same_objects(path):
    with tensor.inference_mode():
        net = Net()
        listed = list(net.parameters())
        net.load_state_dict(tensor.load(path))
        assert all(now is then for now, then in zip(net.parameters(), listed, strict=True))
        assert listed[-1].tolist() == tensor.load(path)["out.bias"].tolist()


def test_inside_what_has_views_is_copied_so_that_they_follow(path):
    with tensor.inference_mode():
        weights, net = tensor.load(path), Net()
        row, mask = net.out.weight[0], net.seen.reshape(1)
        net.load_state_dict(weights)
        assert not shares(net.out.weight, weights["out.weight"])
        assert shares(net.hidden.weight, weights["hidden.weight"])
        assert row.tolist() == weights["out.weight"][0].tolist()
        net.load_state_dict(dict.fromkeys(["seen"], tensor.tensor(5)), strict=False)
        assert mask.tolist() == [5]


def test_inside_what_is_shared_may_be_replaced_again(path):
    with tensor.inference_mode():
        net = Net()
        net.load_state_dict(tensor.load(path))
        tensor.save({name: value + 1 for name, value in net.state_dict().items()}, path)
        weights = tensor.load(path)
        net.load_state_dict(weights)
        assert all(shares(value, weights[name]) for name, value in net.state_dict().items())


def test_inside_two_models_share_one_copy(path):
    with tensor.inference_mode():
        weights = tensor.load(path)
        first, second = Net(), Net()
        for net in (first, second):
            net.load_state_dict(weights)
        assert shares(first.out.weight, second.out.weight)


def test_inside_unmarked_read_only_arrays_are_used_too(path):
    weights = tensor.load(path)
    with tensor.inference_mode():
        net = Net()
        net.load_state_dict(weights)
        assert shares(net.out.weight, weights["out.weight"])
    assert net.out.weight.is_inference()
    assert not weights["out.weight"].is_inference()


def test_inside_what_is_writable_or_of_another_dtype_is_copied(path):
    with tensor.inference_mode():
        weights = {name: value.clone() for name, value in tensor.load(path).items()}
        net = Net()
        net.load_state_dict(weights)
        assert not any(shares(value, weights[name]) for name, value in net.state_dict().items())

        double = Net().double()
        double.load_state_dict(tensor.load(path))
        assert double.out.weight.dtype == tensor.float64


def test_inside_a_model_that_was_built_outside_keeps_its_own_memory(path):
    weights = tensor.load(path)
    net = Net()
    parameters = list(net.parameters())
    with tensor.inference_mode():
        net.load_state_dict(weights)
    assert all(now is then for now, then in zip(net.parameters(), parameters, strict=True))
    assert net.out.weight.tolist() == weights["out.weight"].tolist()
    assert net.out.weight.requires_grad


def test_outside_everything_is_copied(path):
    weights, net = tensor.load(path), Net()
    net.load_state_dict(weights)
    assert not any(shares(value, weights[name]) for name, value in net.state_dict().items())


def _marked_bias():
    with tensor.inference_mode():
        return tensor.ones(2)


def _read_only_bias(net):
    array = np.ones(2, np.float32)
    array.flags.writeable = False
    net.out.bias = nn.Parameter(tensor.from_numpy(array))


@pytest.mark.parametrize(
    ("bias", "assign", "prepare", "error"),
    [
        (_marked_bias, False, None, InferenceTensorError),
        (_marked_bias, True, None, InferenceTensorError),
        (lambda: tensor.ones(2, dtype=tensor.int64), True, None, tensor.DtypeError),
        (lambda: tensor.ones(2), False, _read_only_bias, tensor.ReadOnlyError),
    ],
    ids=["marked", "marked, assigned", "integers, assigned", "read-only target"],
)
def test_what_cannot_be_loaded_whole_changes_nothing(bias, assign, prepare, error):
    net = Net()
    if prepare:
        prepare(net)
    before = {name: value.tolist() for name, value in net.state_dict().items()}
    loaded = {name: tensor.zeros_like(value) for name, value in net.state_dict().items()} | {"out.bias": bias()}
    with pytest.raises(error):
        net.load_state_dict(loaded, assign=assign)
    assert {name: value.tolist() for name, value in net.state_dict().items()} == before


def test_states_keep_the_versions_of_their_classes():
    class Renamed(nn.Linear):
        _version = 2
        seen = []  # noqa: RUF012

        def _load_from_state_dict(self, state_dict, prefix, local_metadata, *args):
            self.seen.append(local_metadata.get("version"))
            super()._load_from_state_dict(state_dict, prefix, local_metadata, *args)

    model = nn.Sequential(nn.Linear(1, 1), Renamed(1, 1))
    state = model.state_dict()
    assert state._metadata == {"": {"version": 1}, "0": {"version": 1}, "1": {"version": 2}}
    model.load_state_dict(state)
    model.load_state_dict(dict(state))
    assert Renamed.seen == [2, None]
