"""R4 and R10 for what computes weights from others: norms, parametrizations and pruning of a module built outside."""

from __future__ import annotations

import pytest

import tensor
from tensor import InferenceModeError, InferenceTensorError, nn
from tensor.nn.utils import parametrizations, parametrize, prune

pytestmark = pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning")

PUT_ON = {
    "weight_norm": nn.utils.weight_norm,
    "spectral_norm": nn.utils.spectral_norm,
    "parametrizations.weight_norm": parametrizations.weight_norm,
    "parametrizations.spectral_norm": parametrizations.spectral_norm,
    "parametrizations.orthogonal": parametrizations.orthogonal,
    "prune": lambda layer: prune.l1_unstructured(layer, "weight", 2),
}
TAKE_OFF = {
    "weight_norm": nn.utils.remove_weight_norm,
    "spectral_norm": nn.utils.remove_spectral_norm,
    "parametrizations.weight_norm": lambda layer: parametrize.remove_parametrizations(layer, "weight"),
    "prune": lambda layer: prune.remove(layer, "weight"),
}


def marked(*shape):
    with tensor.inference_mode():
        return tensor.ones(*shape)


@pytest.mark.parametrize("name", PUT_ON)
def test_putting_one_on_inside_is_refused_for_a_module_of_outside(name):
    layer = nn.Linear(3, 3)
    with tensor.inference_mode(), pytest.raises(InferenceTensorError, match="could not be trained any more"):
        PUT_ON[name](layer)
    assert [*layer.state_dict()] == ["weight", "bias"]
    layer(tensor.ones(1, 3)).sum().backward()


@pytest.mark.parametrize("name", PUT_ON)
def test_a_module_of_inside_takes_it(name):
    with tensor.inference_mode():
        layer = (
            PUT_ON[name](nn.Linear(3, 3)) if name != "prune" else prune.l1_unstructured(nn.Linear(3, 3), "weight", 2)
        )
        assert layer.eval()(tensor.ones(1, 3)).is_inference()


@pytest.mark.parametrize("name", TAKE_OFF)
def test_taking_one_off_inside_is_refused_for_a_module_of_outside(name):
    layer = PUT_ON[name](nn.Linear(3, 3))
    keys = [*layer.state_dict()]
    with tensor.inference_mode(), pytest.raises(InferenceTensorError, match="could not be trained any more"):
        TAKE_OFF[name](layer)
    assert [*layer.state_dict()] == keys
    layer(tensor.ones(1, 3)).sum().backward()


@pytest.mark.parametrize("name", ["spectral_norm", "parametrizations.spectral_norm"])
def test_training_steps_of_a_spectral_norm_inside_ask_for_eval(name):
    layer = PUT_ON[name](nn.Linear(3, 3))
    with tensor.inference_mode():
        with pytest.raises(InferenceModeError, match=r"module\.eval\(\)"):
            layer(tensor.ones(1, 3))
        layer.eval()(tensor.ones(1, 3))


@pytest.mark.parametrize("name", ["weight_norm", "spectral_norm", "orthogonal"])
def test_a_parametrized_weight_takes_no_marked_value(name):
    layer = getattr(parametrizations, name)(nn.Linear(3, 3))
    with pytest.raises(InferenceTensorError, match="inference-only"):
        layer.weight = marked(3, 3)
    assert not any(each.is_inference() for each in [*layer.parameters(), *layer.buffers()])
