"""What torch refuses we refuse: with a type that a handler of torch's catches, and in torch's essential words."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import tensor as T  # noqa: E402

pytestmark = pytest.mark.oracle


def leaf(t: Any, *shape: int) -> Any:
    return t.ones(*(shape or (2,)), requires_grad=True)


def written_to_after_it_was_kept(t: Any) -> None:
    x = leaf(t)
    y = x.exp()
    y.add_(1)
    y.sum().backward()


def written_to_before_backward(t: Any) -> None:
    x, w = t.ones(2), leaf(t)
    loss = (x * w).sum()
    x.zero_()
    loss.backward()


def backward_twice(t: Any) -> None:
    loss = leaf(t).exp().sum()
    loss.backward()
    loss.backward()


def a_view_of_a_leaf(t: Any) -> None:
    leaf(t)[0].add_(1)


def a_view_made_under_no_grad(t: Any) -> None:
    x = leaf(t) * 1
    with t.no_grad():
        view = x[:1]
    view.mul_(2)


def function(t: Any, backward: Callable[..., Any]) -> Any:
    class Made(t.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x * 1

    Made.backward = staticmethod(backward)
    return Made.apply(leaf(t)).sum()


def saved_after_backward(t: Any) -> None:
    result = leaf(t).exp()
    made = function(t, lambda ctx, g: g)
    made.backward()
    del result
    made.grad_fn.next_functions[0][0].saved_tensors


def forgotten_dirty(t: Any) -> None:
    class Dirty(t.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.mark_dirty(x)
            return x * 1

    Dirty.apply(leaf(t) * 1)


def without_backward(t: Any) -> None:
    class OneWay(t.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 1

    OneWay.apply(leaf(t)).sum().backward()


def hooked(returned: Callable[[Any], Any]) -> Callable[[Any], None]:
    def run(t: Any) -> None:
        x = leaf(t)
        x.register_hook(lambda g: returned(t))
        x.sum().backward()

    return run


def node_hooked(returned: Callable[[Any], Any]) -> Callable[[Any], None]:
    def run(t: Any) -> None:
        y = leaf(t) * 2
        y.grad_fn.register_hook(lambda inputs, outputs: returned(t))
        y.sum().backward()

    return run


def assigned(name: str, value: Callable[[Any], Any]) -> Callable[[Any], None]:
    return lambda t: setattr(leaf(t), name, value(t))


def gradcheck(fn: Callable[[Any], Any], given: Callable[[Any], Any]) -> Callable[[Any], None]:
    return lambda t: t.autograd.gradcheck(fn, given(t))


# What to do; words that both messages have in common, where they say it alike.
ERRORS: dict[str, tuple[Callable[[Any], Any], str]] = {
    # ---- shapes
    "broadcast": (
        lambda t: t.ones(2, 3) + t.ones(2, 4),
        "The size of tensor a (3) must match the size of tensor b (4) at non-singleton dimension 1",
    ),
    "broadcast in place": (
        lambda t: t.ones(3).add_(t.ones(2, 3)),
        "output with shape [3] doesn't match the broadcast shape [2, 3]",
    ),
    "where": (lambda t: t.where(t.ones(2) > 0, t.ones(3), t.ones(3)), "must match the size of tensor b"),
    "matmul": (
        lambda t: t.ones(2, 3) @ t.ones(2, 3),
        "mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)",
    ),
    "matmul of 0-d": (lambda t: t.tensor(1.0) @ t.ones(2), "both arguments to matmul need to be at least 1D"),
    "mm of vectors": (lambda t: t.mm(t.ones(2), t.ones(2, 2)), "matri"),
    "bmm": (lambda t: t.bmm(t.ones(2, 3), t.ones(2, 3, 4)), ""),
    "dot": (lambda t: t.dot(t.ones(2), t.ones(3)), ""),
    "mv": (lambda t: t.mv(t.ones(2, 3), t.ones(2)), ""),
    "view": (lambda t: t.ones(2, 3).view(4), "shape '[4]' is invalid for input of size 6"),
    "reshape": (lambda t: t.ones(2, 3).reshape(-1, 4), "shape '[-1, 4]' is invalid for input of size 6"),
    "reshape with two unknowns": (lambda t: t.ones(4).reshape(-1, -1), ""),
    "view of transposed": (
        lambda t: t.ones(2, 3).T.view(6),
        "is not compatible with input tensor's size",
    ),
    "expand": (lambda t: t.ones(3).expand(2, 4), "must match the existing size (3) at non-singleton dimension 1"),
    "expand to fewer": (lambda t: t.ones(2, 3).expand(3), "must be greater or equal to the number of dimensions"),
    "cat of nothing": (lambda t: t.cat([]), "expected a non-empty list of Tensors"),
    "cat": (
        lambda t: t.cat([t.ones(2, 3), t.ones(2, 4)]),
        "Sizes of tensors must match except in dimension 0. Expected size 3 but got size 4 for tensor number 1 in the",
    ),
    "cat of other ranks": (lambda t: t.cat([t.ones(2, 3), t.ones(3)]), "Tensors must have same number of dimensions"),
    "cat of 0-d": (lambda t: t.cat([t.tensor(1.0)]), "zero-dimensional tensor (at position 0) cannot be concatenated"),
    "stack": (
        lambda t: t.stack([t.ones(2), t.ones(3)]),
        "stack expects each tensor to be equal size, but got [2] at entry 0 and [3] at entry 1",
    ),
    "stack of nothing": (lambda t: t.stack([]), "a non-empty"),
    "split": (lambda t: t.ones(5).split([2, 2]), "split_with_sizes expects split_sizes to sum exactly to 5"),
    "chunk": (lambda t: t.ones(5).chunk(0), "chunk expects `chunks` to be greater than 0, got: 0"),
    "permute": (
        lambda t: t.ones(2, 3).permute(0),
        "number of dimensions in the tensor input does not match the length of the desired ordering",
    ),
    "permute twice": (lambda t: t.ones(2, 3).permute(0, 0), "dim"),
    "t of 3-d": (lambda t: t.ones(2, 3, 4).t(), "t() expects a tensor with <= 2 dimensions, but self is 3D"),
    "unflatten": (lambda t: t.ones(6).unflatten(0, (4, 2)), "the size of dim 0 (6)"),
    "negative size": (lambda t: t.ones(2, -1), "negative"),
    "linear": (lambda t: t.nn.Linear(4, 2)(t.ones(5, 3)), ""),
    "unequal rows": (lambda t: t.tensor([[1, 2], [3]]), "expected sequence of length 2 at dim 1 (got 1)"),
    # ---- dimensions and indices
    "dim": (
        lambda t: t.ones(2, 3).sum(2),
        "Dimension out of range (expected to be in range of [-2, 1], but got 2)",
    ),
    "unsqueeze dim": (
        lambda t: t.ones(2).unsqueeze(3),
        "Dimension out of range (expected to be in range of [-2, 1], but got 3)",
    ),
    "dim of a softmax": (lambda t: t.ones(2).softmax(1), "Dimension out of range"),
    "dim twice": (lambda t: t.ones(2, 3).sum((0, 0)), "appears multiple times in the list of dims"),
    "size": (lambda t: t.ones(2).size(1), "Dimension out of range"),
    "index": (lambda t: t.ones(3)[5], "index 5 is out of bounds for dimension 0 with size 3"),
    "too many indices": (lambda t: t.ones(3)[0, 0], "too many indices for tensor of dimension 1"),
    "index of 0-d": (lambda t: t.tensor(1.0)[0], "invalid index of a 0-dim tensor"),
    "index by a float": (lambda t: t.ones(3)[1.5], "indices"),
    "index by floats": (lambda t: t.ones(3)[t.ones(2)], "tensors used as indices must be long"),
    "mask": (lambda t: t.ones(3)[t.ones(2) > 0], "of the mask [2] at index 0 does not match the shape of the indexed"),
    "step": (lambda t: t.ones(3)[::-1], "step must be greater than zero"),
    "gather": (lambda t: t.ones(3).gather(0, t.tensor([5])), "index 5 is out of bounds for dimension 0 with size 3"),
    "index_select": (lambda t: t.ones(3).index_select(0, t.tensor([5])), "out of"),
    "select": (lambda t: t.ones(3).select(0, 3), "index 3 out of range for tensor of size [3] at dimension 0"),
    "narrow": (lambda t: t.ones(3).narrow(0, 1, 3), "exceeds dimension size (3)"),
    "embedding": (lambda t: t.nn.functional.embedding(t.tensor([5]), t.ones(3, 2)), "index out of range"),
    "max of nothing": (lambda t: t.zeros(0).max(), "Expected reduction dim"),
    # ---- dtypes
    "matmul dtype": (lambda t: t.ones(2, 3) @ t.ones(3, 2, dtype=t.float64), "to have the same dtype"),
    "inplace cast": (lambda t: t.ones(2, dtype=t.int64).add_(0.5), "can't be cast to the desired output type"),
    "mean of ints": (lambda t: t.ones(2, dtype=t.int64).mean(), "mean(): could not infer output dtype. Input dtype"),
    "integer grad": (
        lambda t: t.ones(2, dtype=t.int64).requires_grad_(),
        "only Tensors of floating point",
    ),
    "integer leaf": (
        lambda t: t.tensor([1], requires_grad=True),
        "nly Tensors of floating point",
    ),
    "minus of booleans": (lambda t: t.tensor([True]) - t.tensor([True]), "Subtraction, the `-` operator, with"),
    "neg of booleans": (lambda t: -t.tensor([True]), "Negation, the `-` operator, on a bool tensor is not supported"),
    "where of a float condition": (lambda t: t.where(t.ones(2), 1.0, 0.0), "condition to be a boolean tensor"),
    "a string": (lambda t: t.ones(2) + "x", ""),
    "text": (lambda t: t.tensor("text"), ""),
    "default dtype": (lambda t: t.set_default_dtype(t.int64), "only floating-point types are supported as the default"),
    "too large a number": (lambda t: t.full((2,), 300, dtype=t.int8), "without overflow"),
    # ---- values
    "arange": (lambda t: t.arange(5, 0), "upper bound and lower bound inconsistent with step sign"),
    "arange without a step": (lambda t: t.arange(0, 5, 0), "step must be nonzero"),
    "rounding": (lambda t: t.div(t.ones(1), 2, rounding_mode="up"), "one of None, 'trunc', or 'floor'"),
    "dropout": (lambda t: t.nn.functional.dropout(t.ones(2), 1.5), "has to be between 0 and 1, but got 1.5"),
    "bernoulli": (lambda t: t.bernoulli(t.tensor([2.0])), "p_in >= 0 && p_in <= 1"),
    "multinomial": (lambda t: t.multinomial(t.tensor([-1.0, 1.0]), 1), "probability"),
    "randint": (lambda t: t.randint(3, 3, (2,)), "random_ expects 'from' to be less than 'to', but got from=3 >= to=3"),
    "reduction": (
        lambda t: t.nn.functional.mse_loss(t.ones(2), t.ones(2), reduction="median"),
        "is not a valid value for reduction",
    ),
    # ---- to Python and to NumPy
    "item": (lambda t: t.ones(2).item(), "a Tensor with 2 elements cannot be converted to Scalar"),
    "bool": (lambda t: bool(t.ones(2)), "Boolean value of Tensor with more than one value is ambiguous"),
    "bool of nothing": (lambda t: bool(t.ones(0)), "Boolean value of Tensor with no values is ambiguous"),
    "float": (lambda t: float(t.ones(2)), "be converted to"),
    "an index": (lambda t: [1, 2][t.tensor(1.0)], "only integer tensors of a single element can be converted to an"),
    "len": (lambda t: len(t.tensor(1.0)), "len() of a 0-d tensor"),
    "iter": (lambda t: iter(t.tensor(1.0)), "iteration over a 0-d tensor"),
    "contains": (lambda t: "x" in t.ones(2), "Tensor.__contains__ only supports Tensor or scalar, but you passed in"),
    "format": (lambda t: f"{t.ones(2):.2f}", "unsupported format string passed to Tensor.__format__"),
    "numpy": (
        lambda t: leaf(t).numpy(),
        "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.",
    ),
    "asarray": (lambda t: np.asarray(leaf(t)), "Can't call numpy() on Tensor that requires grad"),
    "a ufunc": (lambda t: np.exp(leaf(t)), "Can't call numpy() on Tensor that requires grad"),
    "no copy": (lambda t: np.array(t.ones(2), dtype=np.int8, copy=False), "Unable to avoid copy while creating an arr"),
    "dlpack": (lambda t: leaf(t).__dlpack__(), "Can't export tensors that require gradient, use tensor.detach()"),
    "from_dlpack": (lambda t: np.from_dlpack(leaf(t)), "Can't export tensors that require gradient"),
    "from_numpy of a list": (lambda t: t.from_numpy([1]), "expected np.ndarray (got list)"),
    "from_numpy of text": (lambda t: t.from_numpy(np.array(["a"])), "can't convert np.ndarray of type"),
    "from_numpy of other bytes": (
        lambda t: t.from_numpy(np.arange(3, dtype=">i4")),
        "given numpy array has byte order different from the native byte order",
    ),
    "frombuffer of nothing": (
        lambda t: t.frombuffer(b"", dtype=t.float32),
        "both buffer length (0) and count (-1) must not be 0",
    ),
    "frombuffer of a part": (
        lambda t: t.frombuffer(bytearray(5), dtype=t.float32),
        "buffer length (5 bytes) after offset (0 bytes) must be a multiple of element size (4)",
    ),
    "frombuffer after the end": (
        lambda t: t.frombuffer(bytearray(8), dtype=t.float32, offset=9),
        "offset (9 bytes) must be non-negative and no greater than buffer length (8 bytes) minus 1",
    ),
    "frombuffer of too many": (
        lambda t: t.frombuffer(bytearray(8), dtype=t.float32, count=3),
        "requested buffer length (3 * 4 bytes) after offset (0 bytes) must not be greater than actual buffer length (8",
    ),
    "frombuffer of no buffer": (
        lambda t: t.frombuffer(3, dtype=t.float32),
        "object does not implement Python buffer protocol",
    ),
    "deepcopy": (
        lambda t: copy.deepcopy(leaf(t) * 2),
        "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment",
    ),
    # ---- backward
    "backward": (lambda t: t.ones(2).sum().backward(), "does not require grad and does not have a grad_fn"),
    "backward of many": (lambda t: leaf(t).backward(), "grad can be implicitly created only for scalar outputs"),
    "backward twice": (backward_twice, "Trying to backward through the graph a second time"),
    "written to": (
        written_to_after_it_was_kept,
        "one of the variables needed for gradient computation has been modified by an inplace operation",
    ),
    "written to before": (written_to_before_backward, "is at version 1; expected version 0 instead"),
    "the hint": (written_to_before_backward, "Hint: enable anomaly detection to find the operation that failed to com"),
    "gradient of another shape": (
        lambda t: leaf(t).backward(t.ones(3)),
        "Mismatch in shape: grad_output[0] has a shape",
    ),
    "gradient of another kind": (lambda t: leaf(t).backward(np.ones(2)), "gradients can be either Tensors or None"),
    "backward of a number": (lambda t: t.autograd.backward(5), ""),
    "no inputs": (lambda t: leaf(t).sum().backward(inputs=[]), "`inputs` argument to `backward()` cannot be empty"),
    "grad of no inputs": (lambda t: t.autograd.grad(leaf(t).sum(), []), "cannot be empty"),
    "grad of a constant": (
        lambda t: t.autograd.grad(leaf(t).sum(), t.ones(1)),
        "One of the differentiated Tensors does not require grad",
    ),
    "grad of what was not used": (
        lambda t: t.autograd.grad(leaf(t).sum(), leaf(t)),
        "appears to not have been used in the graph. Set allow_unused=True if this is the desired behavior.",
    ),
    "grad with two wishes": (
        lambda t: t.autograd.grad(leaf(t).sum(), leaf(t), allow_unused=False, materialize_grads=True),
        "Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False.",
    ),
    "requires_grad of a result": (
        lambda t: (leaf(t) * 2).requires_grad_(False),
        "you can only change requires_grad flags of leaf variables",
    ),
    "a leaf in place": (
        lambda t: leaf(t).add_(1),
        "a leaf Variable that requires grad is being used in an in-place operation.",
    ),
    "a leaf assigned to": (
        lambda t: leaf(t).__setitem__(0, 1.0),
        "leaf Variable that requires grad is being used in an in-place operation.",
    ),
    "a view of a leaf in place": (
        a_view_of_a_leaf,
        "a view of a leaf Variable that requires grad is being used in an in-place operation.",
    ),
    "a view made under no_grad": (a_view_made_under_no_grad, "in no_grad mode and is being modified inplace with grad"),
    "an expanded tensor in place": (
        lambda t: t.ones(1).expand(3).add_(1),
        "more than one element of the written-to tensor refers to a single memory location. Please clone() the ten",
    ),
    "retain_grad": (
        lambda t: t.ones(2).retain_grad(),
        "can't retain_grad on Tensor that has requires_grad=False",
    ),
    # ---- assignments
    "grad of another shape": (
        assigned("grad", lambda t: t.ones(3)),
        "attempting to assign a gradient of size '[3]' to a tensor of size '[2]'",
    ),
    "grad of another dtype": (
        assigned("grad", lambda t: t.ones(2, dtype=t.float64)),
        "attempting to assign a gradient with dtype",
    ),
    "grad that is no tensor": (assigned("grad", lambda t: 3), "assigned grad expected to be a Tensor or None but got"),
    "data that is no tensor": (assigned("data", lambda t: 3), ""),
    "requires_grad of a string": (lambda t: leaf(t).requires_grad_("yes"), "must be"),
    # ---- hooks
    "hook": (
        lambda t: t.ones(1).register_hook(print),
        "cannot register a hook on a tensor that doesn't require gradient",
    ),
    "hook of another shape": (hooked(lambda t: t.ones(3)), "hook '<lambda>' has changed the size of value"),
    "hook of another dtype": (
        hooked(lambda t: t.ones(2, dtype=t.float64)),
        "hook '<lambda>' has changed the type of val",
    ),
    "hook of another kind": (hooked(lambda t: 3), "expected Variable, but hook"),
    "hook of a node": (node_hooked(lambda t: 3), "expected tuple, but hook"),
    "hook of a node with too few": (
        node_hooked(lambda t: (t.ones(2),)),
        "has returned an incorrect number of values (got 1, but expected 2)",
    ),
    "hook after accumulating": (
        lambda t: (leaf(t) * 2).register_post_accumulate_grad_hook(print),
        "post accumulate grad hooks cannot be registered on non-leaf tensors",
    ),
    # ---- custom functions
    "too many gradients": (
        lambda t: function(t, lambda ctx, g: (g, g)).backward(),
        "returned an incorrect number of gradients (expected 1, got 2)",
    ),
    "gradient of a wrong shape": (
        lambda t: function(t, lambda ctx, g: t.ones(7)).backward(),
        "MadeBackward returned an invalid gradient at index 0 - got [7] but expected shape compatible with [2]",
    ),
    "gradient that is no tensor": (lambda t: function(t, lambda ctx, g: 3.0).backward(), ""),
    "no backward": (without_backward, "You must implement either the backward or vjp method for your custom autograd."),
    "dirty": (forgotten_dirty, "Some elements marked as dirty during the forward method were not returned as output"),
    "saved tensors": (saved_after_backward, "directly access saved tensors after they have already been freed"),
    # ---- gradcheck and functional
    "gradcheck of nothing": (
        gradcheck(lambda x: x * 2, lambda t: t.ones(2, dtype=t.float64)),
        "gradcheck expects at least one input tensor to require gradient",
    ),
    "gradcheck of shared memory": (
        gradcheck(lambda x: x * 2, lambda t: t.ones(1, dtype=t.float64, requires_grad=True).expand(3)),
        "The 0th input has a dimension with stride 0. gradcheck only supports inputs that are non-overlapping to be",
    ),
    "gradcheck": (
        gradcheck(lambda x: x * x.detach(), lambda t: t.ones(2, dtype=t.float64, requires_grad=True)),
        "Jacobian mismatch for output 0 with respect to input 0",
    ),
    "vjp": (
        lambda t: t.autograd.functional.vjp(lambda x: x * 2, t.ones(2)),
        "The vector v can only be None if the user-provided function returns a single Tensor with a single element.",
    ),
    # ---- modules
    "state_dict": (
        lambda t: t.nn.Linear(2, 2).load_state_dict({}),
        'Missing key(s) in state_dict: "weight", "bias"',
    ),
    "parameter of integers": (lambda t: t.nn.Parameter(t.ones(2, dtype=t.int64)), "nly Tensors of floating point"),
}


@pytest.fixture(autouse=True)
def default_dtype():
    yield
    for library in (T, torch):
        library.set_default_dtype(library.float32)


@pytest.mark.parametrize(("fail", "words"), ERRORS.values(), ids=ERRORS)
@pytest.mark.filterwarnings("ignore")
def test_errors(fail, words):
    with pytest.raises(Exception) as theirs:
        fail(torch)
    with pytest.raises(Exception) as ours:
        fail(T)
    caught = next(each for each in type(theirs.value).__mro__ if each.__module__ == "builtins")
    assert isinstance(ours.value, caught), f"ours: {ours.value!r}\ntheirs: {theirs.value!r}"
    assert words in str(theirs.value)
    assert words in str(ours.value), f"ours: {ours.value}\ntheirs: {theirs.value}"
