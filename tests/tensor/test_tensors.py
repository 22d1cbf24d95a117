"""What a tensor is to Python and to NumPy: properties, conversions, printing, arguments."""

import copy
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest

import tensor as T
from tensor import errors


def test_properties():
    t = T.ones(2, 3, dtype=T.float64)
    assert t.shape == (2, 3)
    assert isinstance(t.shape, T.Size)
    assert repr(t.shape) == "tensor.Size([2, 3])"
    assert t.shape[1:] == T.Size([3])
    assert t.shape.numel() == 6
    assert (t.ndim, t.dim(), t.numel(), t.size(), t.size(-1), len(t)) == (2, 2, 6, (2, 3), 3, 2)
    assert (t.itemsize, t.element_size(), t.nbytes) == (8, 8, 48)
    assert t.stride() == (3, 1)
    assert t.T.stride(0) == 1
    assert t.is_contiguous()
    assert not t.T.is_contiguous()
    assert t.T.contiguous().is_contiguous()
    assert t.is_floating_point()
    assert t.dtype is T.float64
    assert str(t.device) == "cpu"
    assert t.device == T.device("cpu")
    assert t.data_ptr() == t[0].data_ptr()


def test_dtype_arguments():
    for wanted in (T.float32, np.float32, np.dtype("float32"), float):
        assert T.ones(1, dtype=wanted).dtype is T.float32
    assert T.ones(1, dtype=int).dtype is T.int64
    assert T.ones(1, dtype=bool).dtype is T.bool
    for bad in ("nothing", np.complex64, object):
        with pytest.raises(T.DtypeError):
            T.ones(1, dtype=bad)


def test_dtypes():
    assert T.float is T.float32
    assert T.long is T.int64
    assert repr(T.int8) == "tensor.int8"
    assert T.float32.is_floating_point
    assert T.int8.is_signed
    assert not T.uint8.is_signed
    assert T.float64.itemsize == 8
    assert pickle.loads(pickle.dumps(T.float32)) is T.float32
    assert copy.deepcopy(T.float32) is T.float32
    with pytest.raises(T.DtypeError, match="only supported types"):
        T.tensor("text")
    with pytest.raises(T.DtypeError):
        T.from_numpy(np.array([1j]))
    with pytest.raises(T.ArgumentError, match="byte order"):
        T.from_numpy(np.arange(3, dtype=">i4"))
    with pytest.raises(T.DtypeError, match="ndarray"):
        T.from_numpy([1])


def test_default_dtype():
    T.set_default_dtype(T.float64)
    try:
        assert T.tensor([1.0]).dtype is T.float64
        assert T.ones(1).dtype is T.float64
        assert (T.arange(3) / 2).dtype is T.float64
        assert T.get_default_dtype() is T.float64
    finally:
        T.set_default_dtype(T.float32)
    with pytest.raises(T.DtypeError, match="floating-point"):
        T.set_default_dtype(T.int64)


def test_devices():
    assert T.ones(1, device="cpu").to("cpu").to(T.device("cpu:0"), T.float64).dtype is T.float64
    assert T.ones(1).to(T.ones(1, dtype=T.int8)).dtype is T.int8
    for use in (lambda: T.ones(1, device="cuda"), lambda: T.ones(1).to("mps"), lambda: T.ones(1).cuda()):
        with pytest.raises(NotImplementedError, match="CPU"):
            use()


def test_tensor_of_many_things():
    assert T.tensor([T.tensor(1.0), 2.0]).tolist() == [1, 2]
    assert T.tensor([np.ones(2), [3, 4]]).tolist() == [[1, 1], [3, 4]]
    assert T.tensor([T.ones(2), T.zeros(2)]).shape == (2, 2)
    assert T.Tensor([1, 2]).dtype is T.float32
    assert T.Tensor([[1, 2]]).tolist() == [[1, 2]]
    assert T.Tensor(2, 3).shape == (2, 3)
    assert T.Tensor().shape == (0,)
    assert T.full((2,), T.tensor(3)).tolist() == [3, 3]
    assert T.as_tensor(T.ones(1), dtype=T.int64).dtype is T.int64
    with pytest.raises(T.ShapeError, match="equal lengths"):
        T.tensor([[1, 2], [3]])
    t = T.ones(2)
    assert T.as_tensor(t) is t
    assert not np.shares_memory(T.tensor(t).numpy(), t.numpy())


def test_no_floating_point_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        zero, large = T.zeros(2), T.full((2,), 3e38)
        assert (T.ones(2) / zero).tolist() == [float("inf")] * 2
        assert (large * 10).isinf().all()
        assert zero.log().isinf().all()
        assert (zero / zero).isnan().all()
        assert (large.exp() - large.exp()).isnan().all()
        weight = T.zeros(2, requires_grad=True)
        weight.sqrt().sum().backward()
        assert weight.grad.isinf().all()
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        np.ones(1) / np.zeros(1)  # the caller's own setting is as it was


def test_an_operation_within_a_kernel_is_fine():
    """A finaliser may run anywhere, and compute."""
    from tensor import quiet

    result = quiet.run(lambda: quiet.run(np.add, 1, 2))
    assert result == 3
    assert quiet.quiet.run(lambda: (T.ones(2) / T.zeros(2)).tolist()) == [float("inf")] * 2
    with pytest.raises(RuntimeError, match="mine"):
        quiet.run(_raise, RuntimeError("mine"))


def _raise(error):
    raise error


def test_random_numbers():
    T.manual_seed(7)
    first = [T.rand(3), T.randn(2, 2), T.randint(5, (4,)), T.randperm(5), T.bernoulli(T.full((9,), 0.5))]
    T.manual_seed(7)
    again = [T.rand(3), T.randn(2, 2), T.randint(5, (4,)), T.randperm(5), T.bernoulli(T.full((9,), 0.5))]
    assert all(T.equal(a, b) for a, b in zip(first, again, strict=True))
    assert T.initial_seed() == 7
    one, two = T.Generator().manual_seed(1), T.Generator().manual_seed(1)
    assert T.equal(T.rand(3, generator=one), T.rand(3, generator=two))
    state = one.get_state()
    drawn = T.rand(3, generator=one)
    assert T.equal(T.rand(3, generator=one.set_state(state)), drawn)
    assert T.rand(3, dtype=T.float16).dtype is T.float16
    assert sorted(T.randperm(9).tolist()) == list(range(9))
    large = T.randn(20_000)
    assert abs(large.mean().item()) < 0.05
    assert abs(large.std().item() - 1) < 0.05
    uniform = T.empty(20_000).uniform_(2, 4)
    assert 2 <= uniform.min().item() <= uniform.max().item() < 4
    assert set(T.empty(50, dtype=T.int64).random_(2, 5).tolist()) == {2, 3, 4}
    with pytest.raises(ValueError, match="p_in"):
        T.bernoulli(T.tensor([2.0]))
    with pytest.raises(T.DtypeError, match="Generator"):
        T.rand(1, generator=np.random.default_rng())


def test_errors_pickle_and_are_what_pytorchs_users_catch():
    leaves = [each for each in vars(errors).values() if isinstance(each, type)]
    assert len(leaves) == 11
    for leaf in leaves:
        assert issubclass(leaf, RuntimeError)
        again = pickle.loads(pickle.dumps(leaf("words")))
        assert (type(again), str(again)) == (leaf, "words")


def test_importing_is_light():
    code = (
        "import sys, tensor\n"
        "heavy = {'ray', 'pyarrow', 'numba', 'asyncio', 'pandas', 'torch', 'multiprocessing'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_distribution_is_named():
    assert T.__distribution__ == "shoal"


def test_a_newcomer_is_told_what_does_not_fit():
    with pytest.raises(
        T.ShapeError, match=r"The size of tensor a \(3\) must match the size of tensor b \(4\) at non-si"
    ):
        T.ones(2, 3) + T.ones(4)
    with pytest.raises(IndexError, match=r"Dimension out of range \(expected to be in range of \[-2, 1\], but got 2\)"):
        T.ones(2, 3).sum(2)
    with pytest.raises(RuntimeError, match=r"mat1 and mat2 shapes cannot be multiplied \(2x3 and 2x3\)"):
        T.ones(2, 3) @ T.ones(2, 3)
    with pytest.raises(IndexError, match="index 5 is out of bounds for dimension 0 with size 3"):
        T.ones(3)[5]
    for make in (T.zeros, T.ones, T.empty, T.rand, T.randn):
        with pytest.raises(T.ShapeError, match="must be non-negative"):
            make(2, -1)
        with pytest.raises(T.DtypeError, match=r"sizes must be integers, got \[2\.5\]"):
            make(2.5)
    with pytest.raises(T.DtypeError, match=r"sizes must be integers, got \[2, 'a'\]"):
        T.nn.Linear("a", 2)
    with pytest.raises(T.DtypeError, match="add: expected a tensor or a number as 'other', got None"):
        T.ones(2) + None
    for use in (
        lambda: T.ones(2).copy_(None),
        lambda: T.ones(2).fill_(None),
        lambda: T.ones(2).__setitem__(0, None),
        lambda: T.ones(2).masked_fill(T.ones(2) > 0, None),
    ):
        with pytest.raises(T.DtypeError, match="expected a tensor or a number, got None"):
            use()
    for use in (lambda: T.ones(2) @ 2, lambda: T.ones(2) @ None):
        with pytest.raises(T.DtypeError, match="both operands must be tensors"):
            use()
    with pytest.raises(T.ShapeError, match=r"together; the shapes are \[5, 3\], \[2, 3\], \[4\]$"):
        T.nn.functional.linear(T.ones(5, 3), T.ones(2, 3), T.ones(4))
    with pytest.raises(T.DtypeError, match=r"softmax: expected floats, got tensor\.int64"):
        T.arange(3).softmax(0)
    with pytest.raises(T.DtypeError, match=r"the dtype is tensor\.float32"):
        T.ones(2).to("float32")
    with pytest.raises(T.InferenceTensorError, match=r"^setitem: "):
        T.ones(2)[0] = _marked()
    with pytest.raises(T.DtypeError, match=r"expected a list or tuple of tensors.*cat\(\[a, b\]\)"):
        T.cat(T.ones(2), T.ones(2))
    with pytest.raises(T.DimensionError, match="valid indices"):
        T.ones(2)[1.5]
    with pytest.raises(
        T.ShapeError, match=r"^linear: an input of shape \[5, 3\] does not fit a weight of shape \[2, 4\]"
    ):
        T.nn.Linear(4, 2)(T.ones(5, 3))
    with pytest.raises(T.DtypeError, match="with a bool tensor is not supported"):
        T.tensor([True]) - T.tensor([True])
    with pytest.raises(RuntimeError, match=r"shape '\[4\]' is invalid for input of size 6"):
        T.ones(6).view(4)


def _marked():
    with T.inference_mode():
        return T.tensor(1.0)


def test_numpy_values_are_taken_where_python_ones_are():
    assert T.ones(2)[np.bool_(True)].shape == (1, 2)
    assert T.ones(2)[np.int64(1)].item() == 1
    assert T.zeros(T.tensor(3), np.int64(2)).shape == T.zeros(np.array([3, 2])).shape == (3, 2)
    assert T.zeros(T.tensor(3)).shape == (3,)
    for function in (T.nn.functional.relu, T.nn.functional.tanh, T.nn.functional.sigmoid, T.nn.functional.gelu):
        assert isinstance(function(np.ones(2, np.float32)), T.Tensor)
    with T.inference_mode(mode=1):
        assert T.is_inference_mode_enabled()
    with T.inference_mode(0):
        assert not T.is_inference_mode_enabled()


@pytest.mark.parametrize("largest", [True, False])
def test_topk_takes_the_first_of_equal_elements(largest):
    random = np.random.default_rng(3)
    cases = [random.normal(size=(3, 400)), random.integers(0, 9, (3, 400)), random.integers(0, 2, (3, 400)) > 0]
    cases.append(np.where(random.random((3, 400)) < 0.3, np.nan, cases[0]))
    for case in cases:
        for k in (0, 1, 7, 400):
            values, indices = T.tensor(case).topk(k, largest=largest)
            wanted = T.tensor(case).sort(descending=largest)
            np.testing.assert_array_equal(values, wanted.values[:, :k])
            np.testing.assert_array_equal(indices, wanted.indices[:, :k])


def test_tensors_in_the_dtype_of_another():
    x = T.ones(2, dtype=T.float64, requires_grad=True)
    for made, values in (
        (x.new_tensor([1, 2]), [1, 2]),
        (x.new_zeros(2), [0, 0]),
        (x.new_ones((2,)), [1, 1]),
        (x.new_full((2,), 3), [3, 3]),
    ):
        assert (made.dtype, made.tolist(), made.requires_grad) == (T.float64, values, False)
    assert x.new_empty(2, 3, dtype=T.int8, requires_grad=False).shape == (2, 3)
    assert x.new_zeros(1, requires_grad=True).requires_grad
    with pytest.raises(T.ArgumentError, match="without overflow"):
        T.zeros(1, dtype=T.int8).new_full((2,), 300)
    with pytest.raises(T.ArgumentError, match="without overflow"):
        T.full((2,), 1e300)
    assert T.full((1,), float("inf")).item() == float("inf")
    with T.inference_mode():
        assert x.new_zeros(2).is_inference()
    assert T.tensor([1.5]).new_tensor(_marked()).is_inference()


def test_legacy_names_of_types():
    assert T.ones(1).type() == "tensor.FloatTensor"
    assert T.ones(1, dtype=T.uint16).type() == "tensor.UInt16Tensor"
    for wanted in (T.int64, "tensor.LongTensor", "torch.LongTensor"):
        assert T.ones(1).type(wanted).dtype is T.int64
    with pytest.raises(T.DtypeError, match="FloatTensor"):
        T.ones(1).type("float32")
    assert not T.ones(1).is_cuda
