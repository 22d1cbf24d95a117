"""Functions of layers: values by formula, gradients by finite differences, refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tensor
from tensor import nn
from tensor.errors import DimensionError, DtypeError, ShapeError
from tensor.graph import Node
from tensor.nn import functional as F
from tensor.registry import OPS
from tests.samples import SAMPLES

RANDOM = np.random.default_rng(0)


def some(*shape: int, requires_grad: bool = True) -> tensor.Tensor:
    return tensor.tensor(RANDOM.normal(size=shape), dtype=tensor.float64, requires_grad=requires_grad)


def integers(*values: int) -> tensor.Tensor:
    return tensor.tensor(values)


def close(actual: tensor.Tensor, expected, rtol: float = 1e-6) -> None:
    np.testing.assert_allclose(actual.detach().numpy(), expected, rtol=rtol, atol=1e-12)


WEIGHT = tensor.tensor([0.5, 2.0, 1.0], dtype=tensor.float64)

GRADIENT_CASES = {
    "linear": lambda: (F.linear, [some(4, 3), some(2, 3), some(2)]),
    "linear without bias": lambda: (F.linear, [some(4, 3), some(2, 3)]),
    "linear of a vector": lambda: (F.linear, [some(3), some(2, 3), some(2)]),
    "linear of many dimensions": lambda: (F.linear, [some(2, 1, 4, 3), some(2, 3), some(2)]),
    "linear of a transposed input": lambda: (lambda x, w: F.linear(x.T, w), [some(3, 4), some(2, 3)]),
    "embedding": lambda: (lambda w: F.embedding(integers(0, 2, 2, 1), w), [some(4, 3)]),
    "embedding of a grid": lambda: (lambda w: F.embedding(integers(0, 3, 3, 0).reshape(2, 2), w), [some(4, 3)]),
    "embedding of nothing": lambda: (lambda w: F.embedding(tensor.zeros(0, dtype=tensor.int64), w), [some(4, 3)]),
    "layer_norm": lambda: (lambda x, w, b: F.layer_norm(x, (4,), w, b), [some(3, 4), some(4), some(4)]),
    "layer_norm over two": lambda: (
        lambda x, w, b: F.layer_norm(x, (3, 2), w, b, 0.1), [some(2, 3, 2), some(3, 2), some(3, 2)],
    ),
    "layer_norm without weight": lambda: (lambda x: F.layer_norm(x, (4,)), [some(3, 4)]),
    "layer_norm without bias": lambda: (lambda x, w: F.layer_norm(x, (4,), w), [some(4), some(4)]),
    "gelu": lambda: (F.gelu, [some(7)]),
    "gelu by tanh": lambda: (lambda x: F.gelu(x, approximate="tanh"), [some(7)]),
    "relu": lambda: (F.relu, [some(7)]),
    "tanh": lambda: (F.tanh, [some(7)]),
    "sigmoid": lambda: (F.sigmoid, [some(7)]),
    "softmax": lambda: (lambda x: F.softmax(x, 1), [some(2, 3)]),
    "log_softmax": lambda: (lambda x: F.log_softmax(x, 0), [some(2, 3)]),
    "mse_loss": lambda: (F.mse_loss, [some(2, 3), some(2, 3)]),
    "nll_loss": lambda: (lambda x: F.nll_loss(x, integers(0, 2, 1)), [some(3, 3)]),
    "nll_loss of one": lambda: (lambda x: F.nll_loss(x, tensor.tensor(1)), [some(3)]),
    "nll_loss of grids": lambda: (lambda x: F.nll_loss(x, integers(0, 2, 1, 1).reshape(2, 2)), [some(2, 3, 2)]),
    "nll_loss weighed": lambda: (lambda x: F.nll_loss(x, integers(0, 2, 1), WEIGHT), [some(3, 3)]),
    "nll_loss ignoring": lambda: (lambda x: F.nll_loss(x, integers(0, -1, 1), WEIGHT, ignore_index=-1), [some(3, 3)]),
    "nll_loss summed": lambda: (lambda x: F.nll_loss(x, integers(0, 2), WEIGHT, reduction="sum"), [some(2, 3)]),
    "nll_loss unreduced": lambda: (lambda x: F.nll_loss(x, integers(0, 2), reduction="none"), [some(2, 3)]),
    "cross_entropy": lambda: (lambda x: F.cross_entropy(x, integers(0, 2, 1)), [some(3, 3)]),
    "cross_entropy smoothed": lambda: (
        lambda x: F.cross_entropy(x, integers(0, 2, -100), WEIGHT, label_smoothing=0.2), [some(3, 3)],
    ),
    "cross_entropy of probabilities": lambda: (
        lambda x, y: F.cross_entropy(x, y, WEIGHT, label_smoothing=0.1), [some(2, 3), some(2, 3)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", GRADIENT_CASES)
def test_gradients_agree_with_finite_differences(case):
    function, inputs = GRADIENT_CASES[case]()
    assert tensor.autograd.gradcheck(function, inputs, atol=1e-7, rtol=1e-5)


def recorded_ops(node: object) -> set[str]:
    """The names of the operations in a graph."""
    if not isinstance(node, Node):
        return set()
    return {node.op.name}.union(*(recorded_ops(source) for source, _ in node.next_functions))


def test_every_operation_defined_for_layers_has_its_gradient_checked():
    checked = {each.op for each in SAMPLES if each.gradcheck}
    for make in GRADIENT_CASES.values():
        function, inputs = make()
        checked |= recorded_ops(function(*inputs).grad_fn)
    defined = {name for name, op in OPS.items() if op.differentiable and op.kernel.__module__.startswith("tensor.nn")}
    assert defined >= {"linear", "layer_norm"}
    assert checked >= defined


# --- Linear maps and lookups ------------------------------------------------------------------------------------------


def test_linear_is_a_product_with_the_transpose():
    x, w, b = some(2, 5, 3), some(4, 3), some(4)
    close(F.linear(x, w, b), x.detach().numpy() @ w.detach().numpy().T + b.detach().numpy())


def test_linear_of_no_rows_has_gradients_of_zero():
    x, w, b = some(0, 3), some(2, 3), some(2)
    out = F.linear(x, w, b)
    out.sum().backward()
    assert tuple(out.shape) == (0, 2)
    assert tuple(x.grad.shape) == (0, 3)
    assert w.grad.tolist() == [[0, 0, 0], [0, 0, 0]]
    assert b.grad.tolist() == [0, 0]


@pytest.mark.parametrize("shape", [(4, 2), (6,), (2, 6), ()])
def test_linear_refuses_inputs_that_do_not_fit(shape):
    with pytest.raises(ShapeError, match="linear"):
        F.linear(tensor.zeros(shape), tensor.zeros(2, 3))


def test_linear_refuses_to_mix_dtypes():
    with pytest.raises(DtypeError, match=r"float64, float32 and float32.*\.to\(dtype\)"):
        F.linear(tensor.zeros(1, 3, dtype=tensor.float64), tensor.zeros(2, 3), tensor.zeros(2))


def test_embedding_gives_rows_of_the_indexs_shape():
    table = some(4, 3)
    rows = F.embedding(integers(3, 0, 3, 1).reshape(2, 2), table)
    close(rows, table.detach().numpy()[[[3, 0], [3, 1]]])


def test_the_padding_row_gets_no_gradient():
    table = some(4, 3)
    F.embedding(integers(0, 3, 3), table, padding_idx=-1).sum().backward()
    assert table.grad.tolist() == [[1, 1, 1], [0, 0, 0], [0, 0, 0], [0, 0, 0]]


def test_embedding_refuses_what_is_no_row():
    for index in (-1, 4):
        with pytest.raises(DimensionError, match=r"out of range.* 4 rows"):
            F.embedding(integers(0, index), some(4, 3))
    with pytest.raises(DtypeError, match="integers"):
        F.embedding(tensor.zeros(2), some(4, 3))
    with pytest.raises(ValueError, match="padding_idx must be within"):
        F.embedding(integers(0), some(4, 3), padding_idx=4)


# --- Normalisation ----------------------------------------------------------------------------------------------------


def test_layer_norm_gives_mean_0_and_variance_1():
    x = some(5, 3, 4) * 10 + 100
    normalized = F.layer_norm(x, (3, 4), eps=0).detach().numpy()
    np.testing.assert_allclose(normalized.mean((1, 2)), 0, atol=1e-12)
    np.testing.assert_allclose(normalized.var((1, 2)), 1)


@pytest.mark.parametrize("arguments", [((3,),), ((4,), some(3)), ((4,), None, some(2, 4)), ((),)])
def test_layer_norm_refuses_shapes_that_do_not_fit(arguments):
    with pytest.raises(ShapeError, match="layer_norm: expected"):
        F.layer_norm(some(2, 4), *arguments)


# --- Activations ------------------------------------------------------------------------------------------------------


def test_gelu_is_the_normal_distribution_function_times_the_input():
    x = some(9, requires_grad=False)
    close(F.gelu(x), [v * 0.5 * (1 + math.erf(v / math.sqrt(2))) for v in x.tolist()])
    np.testing.assert_allclose(F.gelu(x, approximate="tanh").numpy(), F.gelu(x).numpy(), atol=1e-3)
    with pytest.raises(ValueError, match="either none or tanh"):
        F.gelu(x, approximate="fast")


def test_gelu_keeps_single_precision():
    assert F.gelu(tensor.ones(3)).dtype == tensor.float32
    assert F.gelu(tensor.ones(3), approximate="tanh").dtype == tensor.float32


def test_relu_may_write_over_its_input():
    x = tensor.tensor([-1.0, 2.0])
    assert F.relu(x).tolist() == [0, 2]
    assert x.tolist() == [-1, 2]
    assert F.relu(x, inplace=True) is x
    assert x.tolist() == [0, 2]


@pytest.mark.parametrize(("shape", "dim"), [((), 0), ((4,), 0), ((2, 3), 1), ((2, 3, 4), 0), ((1, 2, 3, 4), 1)])
def test_softmax_without_a_dimension_is_deprecated(shape, dim):
    x = some(*shape)
    for function in (F.softmax, F.log_softmax):
        with pytest.warns(UserWarning, match="Implicit dimension choice"):
            close(function(x), function(x, dim).detach().numpy())


def test_softmax_may_compute_in_another_dtype():
    assert F.softmax(tensor.zeros(2), 0, dtype=tensor.float64).dtype == tensor.float64
    assert F.log_softmax(tensor.zeros(2), 0, dtype=tensor.float64).dtype == tensor.float64


# --- Dropout ----------------------------------------------------------------------------------------------------------


def test_dropout_keeps_the_mean_and_drops_the_share():
    tensor.manual_seed(0)
    out = F.dropout(tensor.ones(10_000), 0.25).numpy()
    assert set(out.tolist()) == {0, np.float32(4 / 3)}
    assert (out == 0).mean() == pytest.approx(0.25, abs=0.02)


def test_dropout_passes_gradients_where_it_passed_values():
    x = tensor.ones(100, requires_grad=True)
    out = F.dropout(x)
    out.sum().backward()
    assert x.grad.tolist() == out.tolist()


def test_dropout_does_nothing_in_evaluation_or_with_p_0():
    x = tensor.ones(3)
    assert F.dropout(x, training=False) is x
    assert F.dropout(x, 0.0) is x


def test_dropout_of_all_gives_zeros():
    assert F.dropout(tensor.ones(3), 1.0).tolist() == [0, 0, 0]


def test_dropout_may_write_over_its_input():
    x = tensor.ones(3)
    assert F.dropout(x, 1.0, inplace=True) is x
    assert x.tolist() == [0, 0, 0]


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_dropout_refuses_what_is_no_probability(p):
    for make in (lambda: F.dropout(tensor.ones(3), p), lambda: nn.Dropout(p)):
        with pytest.raises(ValueError, match="between 0 and 1"):
            make()


def test_dropout_is_decided_by_the_seed():
    tensor.manual_seed(3)
    first = F.dropout(tensor.ones(50)).tolist()
    tensor.manual_seed(3)
    assert F.dropout(tensor.ones(50)).tolist() == first


# --- Losses -----------------------------------------------------------------------------------------------------------


def test_mse_is_the_mean_of_squares():
    a, b = tensor.tensor([1.0, 2.0]), tensor.tensor([3.0, 2.5])
    assert F.mse_loss(a, b).item() == pytest.approx(2.125)
    assert F.mse_loss(a, b, reduction="sum").item() == pytest.approx(4.25)
    assert F.mse_loss(a, b, reduction="none").tolist() == [4, 0.25]
    with pytest.warns(UserWarning, match="different to the input size"):
        F.mse_loss(a, b.reshape(2, 1))


LOG_PROBABILITIES = tensor.tensor([[-1.0, -2.0, -3.0], [-4.0, -5.0, -6.0]])


def test_nll_picks_the_class():
    target, weight = integers(0, 2), tensor.tensor([1.0, 5.0, 3.0])
    assert F.nll_loss(LOG_PROBABILITIES, target).item() == 3.5
    assert F.nll_loss(LOG_PROBABILITIES, target, reduction="sum").item() == 7
    assert F.nll_loss(LOG_PROBABILITIES, target, reduction="none").tolist() == [1, 6]
    assert F.nll_loss(LOG_PROBABILITIES, target, weight).item() == pytest.approx((1 + 18) / 4)
    assert F.nll_loss(LOG_PROBABILITIES, integers(0, -100)).item() == 1
    assert F.nll_loss(LOG_PROBABILITIES, integers(0, 2), ignore_index=2).item() == 1
    assert F.nll_loss(LOG_PROBABILITIES, integers(0, 2), ignore_index=2, reduction="none").tolist() == [1, 0]


def test_nll_of_nothing_is_nan_without_a_warning():
    assert math.isnan(F.nll_loss(LOG_PROBABILITIES, integers(-100, -100)).item())
    assert math.isnan(F.cross_entropy(LOG_PROBABILITIES, integers(-100, -100), label_smoothing=0.1).item())


def test_cross_entropy_is_nll_of_log_softmax():
    logits, target = some(4, 3), integers(0, 1, 2, -100)
    close(F.cross_entropy(logits, target), F.nll_loss(F.log_softmax(logits, 1), target).item())


def test_cross_entropy_with_certain_probabilities_is_that_with_classes():
    logits, target = some(3, 3), integers(0, 1, 2)
    certain = tensor.eye(3, dtype=tensor.float64)
    for reduction in ("mean", "sum", "none"):
        close(
            F.cross_entropy(logits, certain, reduction=reduction),
            F.cross_entropy(logits, target, reduction=reduction).detach().numpy(),
        )


def test_smoothing_of_classes_is_smoothing_of_probabilities():
    logits, target = some(3, 3), integers(0, 1, 2)
    for reduction in ("mean", "sum", "none"):
        close(
            F.cross_entropy(logits, target, reduction=reduction, label_smoothing=0.3),
            F.cross_entropy(logits, tensor.eye(3, dtype=tensor.float64), reduction=reduction, label_smoothing=0.3)
            .detach()
            .numpy(),
        )


def test_ignored_examples_do_not_matter_even_if_they_are_infinite():
    logits = tensor.tensor([[0.0, 1.0], [-math.inf, 0.0]])
    for smoothing in (0.0, 0.1):
        alone = F.cross_entropy(logits[:1], integers(0), label_smoothing=smoothing).item()
        assert F.cross_entropy(logits, integers(0, -100), label_smoothing=smoothing).item() == pytest.approx(alone)


@pytest.mark.parametrize("loss", [F.nll_loss, F.cross_entropy])
@pytest.mark.parametrize(
    ("arguments", "keywords", "error", "message"),
    [
        ((some(2, 3), integers(0, 3)), {}, DimensionError, "Target 3 is out of bounds: there are 3 classes"),
        ((some(2, 3), integers(0, -1)), {}, DimensionError, "Target -1 is out of bounds"),
        ((some(2, 3), integers(0, 1, 2)), {}, ShapeError, r"targets of shape \(2,\).*got \(3,\)"),
        ((some(2, 3), integers(0, 1), some(2)), {}, ShapeError, "a weight for each of 3 classes"),
        ((some(2, 3), integers(0, 1)), {"reduction": "max"}, ValueError, "'max' is not a valid value for reduction"),
        ((tensor.tensor(1.0), integers(0)), {}, ShapeError, "got a scalar"),
        ((some(2, 3), tensor.tensor([True, False])), {}, DtypeError, "integers, got bool"),
    ],
)
def test_losses_refuse_what_does_not_fit(loss, arguments, keywords, error, message):
    with pytest.raises(error, match=message):
        loss(*arguments, **keywords)


def test_probabilities_must_have_the_shape_of_the_logits():
    with pytest.raises(ShapeError, match="class numbers must be integers"):
        F.cross_entropy(some(2, 3), some(2))
    with pytest.raises(ValueError, match=r"between 0\.0 and 1\.0"):
        F.cross_entropy(some(2, 3), integers(0, 1), label_smoothing=1.5)


def test_results_in_inference_mode_are_marked_and_record_nothing():
    net = nn.Sequential(nn.Embedding(4, 3), nn.LayerNorm(3), nn.Linear(3, 3), nn.GELU(), nn.Dropout())
    with tensor.inference_mode():
        loss = F.cross_entropy(net(integers(0, 1)), integers(0, 1), label_smoothing=0.1)
    assert loss.is_inference()
    assert loss.grad_fn is None


@pytest.mark.parametrize("pool", [F.max_pool2d, F.avg_pool2d, F.adaptive_max_pool2d, F.adaptive_avg_pool2d])
def test_the_result_of_pooling_may_be_written_to_before_backward(pool):
    x = tensor.arange(-8.0, 8.0).reshape(1, 1, 4, 4).requires_grad_()
    y = F.relu(pool(x, 2), inplace=True)
    y.sum().backward()
    assert x.grad.sum() == (y > 0).sum()


def test_cosines_may_be_divided_in_place_before_backward():
    x = tensor.tensor([[1.0, 2.0]], requires_grad=True)
    expected = tensor.autograd.grad((F.cosine_similarity(x, tensor.ones(1, 2)) / 0.5).sum(), x)[0]
    logits = F.cosine_similarity(x, tensor.ones(1, 2))
    logits /= 0.5
    logits.sum().backward()
    assert x.grad.tolist() == expected.tolist()
