"""R3: in GRAD, an operation that mixes a marked operand with one that requires grad raises before computing."""

import numpy as np
import pytest

import tensor as T
from tensor import marks
from tensor.registry import OPS


@pytest.fixture
def weight():
    return T.ones(2, 2, requires_grad=True)


@pytest.fixture
def marked():
    with T.inference_mode(), marks.origin(job="nightly", shard=7, replica="r3"):
        return T.ones(2, 2)


MIXES = {
    "add": lambda w, m: w + m,
    "radd": lambda w, m: m + w,
    "matmul": lambda w, m: w @ m,
    "compare": lambda w, m: w > m,
    "cat": lambda w, m: T.cat([T.ones(2, 2), w, m]),
    "stack": lambda w, m: T.stack([w, m]),
    "where": lambda w, m: T.where(m > 0, w, 0.0),
    "index": lambda w, m: w[m.long()],
    "setitem on marked": lambda w, m: m.__setitem__(0, w[0]),
    "gather": lambda w, m: w.gather(0, m.long()),
    "maximum": lambda w, m: T.maximum(w, m),
    "isclose": lambda w, m: w.isclose(m),
    "clamp": lambda w, m: w.clamp(m),
    "masked_fill": lambda w, m: w.masked_fill(m > 0, 0.0),
    "non-leaf": lambda w, m: (w * 2) - m,
    "view": lambda w, m: w[0] * m,
    "inplace on non-leaf": lambda w, m: (w * 2).add_(m),
    "inplace setitem": lambda w, m: (w * 2).__setitem__(0, m[0]),
    "inplace by marked": lambda w, m: m.mul_(w),
    "copy_": lambda w, m: (w * 2).copy_(m),
    "array handed out": lambda w, m: w * m.numpy(),
}


@pytest.mark.parametrize("mix", MIXES.values(), ids=MIXES)
def test_raises(mix, weight, marked):
    with pytest.raises(T.InferenceTensorError):
        mix(weight, marked)
    assert weight.grad is None
    assert np.array_equal(marked.numpy(), np.ones((2, 2)))


def test_names_operation_operands_origin_and_ways_out(weight, marked):
    with pytest.raises(T.InferenceTensorError) as caught:
        weight.sum(0) * marked
    message = str(caught.value)
    for part in (
        "mul",
        "'other' (shape [2, 2], tensor.float32)",
        "'input' (shape [2], tensor.float32)",
        "job 'nightly'",
        "shard 7",
        "replica 'r3'",
        "tensor.no_grad()",
        "tensor.as_training_data(t)",
    ):
        assert part in message


def test_names_the_place_in_a_list(weight, marked):
    with pytest.raises(T.InferenceTensorError, match=r"'tensors\[1\]'.*'tensors\[0\]'"):
        T.cat([weight, marked])


def test_rows_of_a_gathered_tensor_are_in_the_message(weight):
    origin = T.Origin(job="j", rows=(T.RowRange(0, 10, 0, "a"), T.RowRange(10, 20, 1, "b")))
    gathered = T.Tensor._wrap(np.ones((2, 2), np.float32), marks.MARKED, origin=origin)
    with pytest.raises(T.InferenceTensorError, match="rows 10–20 from shard 1 on replica 'b'"):
        weight + gathered


def test_raises_before_computing(weight, marked):
    mul = OPS["mul"]
    kernel = mul.kernel

    def computed(*operands):
        raise AssertionError("computed")

    mul.kernel = computed
    try:
        with pytest.raises(T.InferenceTensorError):
            weight * marked
    finally:
        mul.kernel = kernel


def test_mixing_is_fine_where_nothing_is_recorded(weight, marked):
    with T.no_grad():
        assert (weight * marked).is_inference()
    with T.inference_mode():
        assert (weight * marked).is_inference()
    assert (weight.detach() * marked).is_inference()


def test_is_a_runtime_error_and_pickles(weight, marked):
    import pickle

    with pytest.raises(RuntimeError) as caught:
        weight + marked
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is T.InferenceTensorError
    assert str(again) == str(caught.value)


@pytest.mark.parametrize("make", [T.complex, T.polar])
def test_parts_of_a_complex_number_are_operands(make):
    with T.inference_mode():
        marked = T.ones(3)
    for parts in ((marked, T.ones(3, requires_grad=True)), (T.ones(3, requires_grad=True), marked)):
        with pytest.raises(T.InferenceTensorError, match="cannot be mixed"):
            make(*parts)
    for made in (make(marked, T.ones(3)), make(T.ones(3), marked), make(T.ones(3), T.ones(3)) + marked):
        assert made.real.is_inference()
        assert made.imag.is_inference()
