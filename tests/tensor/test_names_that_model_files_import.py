"""Modules and names that files written for PyTorch import at their top, and what those do that are not refused."""

from __future__ import annotations

import importlib

import pytest

import tensor
from tensor import ShapeError, UnsupportedError, nn
from tensor.nn import functional as F
from tensor.nn.attention.flex_attention import flex_attention

NAMES = {
    "tensor._jit_internal": ["BroadcastingList2", "Final", "List", "Optional", "_copy_to_script_wrapper", "_overload"],
    "tensor.ao.nn.quantized": ["FloatFunctional"],
    "tensor.ao.quantization": ["DeQuantStub", "QuantStub", "convert", "prepare"],
    "tensor.distributions.utils": ["broadcast_all", "lazy_property", "logits_to_probs", "probs_to_logits"],
    "tensor.nn._reduction": ["get_enum", "legacy_get_string"],
    "tensor.nn.attention.flex_attention": ["BlockMask", "create_block_mask", "flex_attention"],
    "tensor.nn.common_types": ["_maybe_indices_t", "_ratio_2_t", "_size_1_t", "_size_2_t", "_size_any_t"],
    "tensor.nn.functional": ["_canonical_mask", "_get_softmax_dim", "_verify_batch_size", "has_torch_function"],
    "tensor.nn.modules.module": ["_addindent", "register_module_forward_hook", "register_module_forward_pre_hook"],
    "tensor.nn.modules.normalization": ["_shape_t"],
    "tensor.nn.parallel": ["data_parallel"],
    "tensor.nn.parallel.data_parallel": ["DataParallel"],
    "tensor.nn.parallel.distributed": ["DistributedDataParallel"],
    "tensor.nn.quantized": ["FloatFunctional"],
    "tensor.nn.utils.prune": ["l1_unstructured", "remove"],
    "tensor.quantization": ["DeQuantStub", "QuantStub", "fuse_modules"],
    "tensor.storage": ["TypedStorage", "UntypedStorage"],
    "tensor.utils.hooks": ["RemovableHandle"],
}


@pytest.mark.parametrize("module", NAMES)
def test_names_are_there(module):
    found = importlib.import_module(module)
    for name in NAMES[module]:
        assert hasattr(found, name), name


def test_hooks_of_all_modules_come_before_their_own():
    seen = []
    layer = nn.Linear(2, 2)
    layer.register_forward_hook(lambda module, args, output: seen.append("own"))
    hooks = nn.modules.module
    handles = [
        hooks.register_module_forward_pre_hook(lambda module, args: seen.append("before")),
        hooks.register_module_forward_hook(
            lambda module, args, kwargs, output: seen.append(f"after {kwargs}"), with_kwargs=True
        ),
        hooks.register_module_full_backward_pre_hook(lambda module, grad: seen.append("backward before")),
        hooks.register_module_full_backward_hook(lambda module, inner, outer: seen.append("backward")),
    ]
    try:
        layer(tensor.ones(1, 2, requires_grad=True)).sum().backward()
    finally:
        for handle in handles:
            handle.remove()
    assert seen == ["before", "after {}", "own", "backward before", "backward"]
    nn.Linear(2, 2)(tensor.ones(1, 2))
    assert len(seen) == 5


def test_a_hook_of_all_modules_that_is_always_called_is_so_where_forward_fails():
    seen = []
    hook = nn.modules.module.register_module_forward_hook(lambda *given: seen.append(given[-1]), always_call=True)
    with hook, pytest.raises(ShapeError):
        nn.Linear(2, 2)(tensor.ones(1, 3))
    assert seen == [None]


def test_stubs_and_functionals_of_quantized_models_compute_with_floats():
    quantized = tensor.quantization.QuantWrapper(nn.ReLU())
    x = tensor.tensor([-1.0, 2.0])
    assert quantized(x).tolist() == [0.0, 2.0]
    ff = nn.quantized.FloatFunctional()
    assert ff.add(x, x).tolist() == [-2.0, 4.0]
    assert ff.add_relu(x, x).tolist() == [0.0, 4.0]
    assert ff.mul(x, ff.add_scalar(x, 1)).tolist() == [0.0, 6.0]
    assert ff.cat([x, ff.mul_scalar(x, 2)]).tolist() == [-1.0, 2.0, -2.0, 4.0]
    assert ff.matmul(x, x).item() == 5.0
    for refused in (ff, tensor.quantization.prepare, flex_attention):
        with pytest.raises(UnsupportedError):
            refused(x)


def test_data_parallel_calls_the_module():
    assert nn.parallel.data_parallel(nn.ReLU(), tensor.tensor([-1.0]), range(2)).item() == 0.0


def test_a_lazy_property_is_computed_once_with_gradients():
    class Squared:
        computed = 0

        def __init__(self, x):
            self.x = x

        @tensor.distributions.utils.lazy_property
        def square(self):
            self.computed += 1
            return self.x * self.x

    one = Squared(tensor.ones(2, requires_grad=True))
    with tensor.no_grad():
        assert one.square.requires_grad
    assert one.square is one.square
    assert one.computed == 1
    with tensor.inference_mode():
        assert Squared(tensor.ones(2)).square.is_inference()


def test_masks_become_what_is_added():
    hidden = tensor.tensor([False, True])
    added = F._canonical_mask(hidden, "mask", None, "", tensor.float32)
    assert added.tolist() == [0.0, -float("inf")]
    with pytest.warns(UserWarning, match="mismatched mask and other"):
        F._canonical_mask(hidden, "mask", tensor.float32, "other", tensor.float32)
    with pytest.raises(TypeError, match="only bool and floating"):
        F._canonical_mask(tensor.tensor([1]), "mask", None, "", tensor.float32)


def test_old_names_of_reductions():
    assert nn._reduction.get_enum("sum") == 2
    assert nn._reduction.legacy_get_string(None, False, emit_warning=False) == "none"
    with pytest.warns(UserWarning, match="reduction='sum'"):
        assert nn._reduction.legacy_get_enum(False, None) == 2


def test_boolean_dispatch_calls_one_of_two():
    chosen = tensor._jit_internal.boolean_dispatch(
        "flag", 1, False, lambda x, flag: "yes", lambda x, flag=0: "no", "", "f"
    )
    assert [chosen(1), chosen(1, True), chosen(1, flag=True)] == ["no", "yes", "yes"]


def test_the_old_name_of_assert_close():
    with pytest.warns(FutureWarning):
        tensor.testing.assert_allclose(tensor.tensor([1.0, float("nan")]), [1, float("nan")])


def test_softmax_takes_the_stack_level_third():
    x = tensor.tensor([[1.0, 2.0], [3.0, 5.0]])
    for function in (F.softmax, F.log_softmax, F.softmin):
        assert function(x, 1, 3).tolist() == function(x, dim=1).tolist()
        assert function(x, 1, 3, tensor.float64).dtype is tensor.float64
    with pytest.warns(UserWarning, match="Implicit dimension choice"):
        F.softmax(x)


def test_normalize_writes_into_out():
    x, out = tensor.tensor([[3.0, 4.0]]), tensor.zeros(1, 2)
    assert F.normalize(x, out=out) is out
    assert out.tolist() == F.normalize(x).tolist()
    with pytest.raises(RuntimeError, match="automatic differentiation"):
        F.normalize(x.requires_grad_(), out=out)


def test_layer_norm_over_a_number_says_what_to_pass():
    with pytest.raises(TypeError, match=r"must be tuple of ints, not int; for the last dimension alone pass \[3\]"):
        F.layer_norm(tensor.ones(2, 3), 3)


def test_modules_are_converted_by_names_of_types():
    for name in ("tensor.HalfTensor", "torch.HalfTensor", tensor.HalfTensor, tensor.half):
        assert nn.Linear(2, 2).type(name).weight.dtype is tensor.float16
    with pytest.raises(TypeError, match="expected a dtype"):
        nn.Linear(2, 2).type("half a tensor")


def test_names_of_buffers_that_no_state_has():
    module = nn.Module()
    module.register_buffer("kept", tensor.ones(1))
    module.register_buffer("left", tensor.ones(1), persistent=False)
    assert module._non_persistent_buffers_set == {"left"}


def test_parameter_dicts_do_what_dicts_do():
    one = nn.ParameterDict({"a": tensor.ones(1), "b": tensor.zeros(2)})
    other = nn.ParameterDict({"b": tensor.ones(3), "c": tensor.ones(4)})
    joined = one | other
    assert {name: len(value) for name, value in joined.items()} == {"a": 1, "b": 3, "c": 4}
    assert [*one] == ["a", "b"]
    assert one.copy()["a"] is one["a"]
    one |= other
    assert [*reversed(one)] == ["c", "b", "a"]
    assert isinstance(one.setdefault("d", tensor.ones(1)), nn.Parameter)
    assert one.popitem()[0] == "d"
    assert one.setdefault("c") is other["c"]
    assert [*one.fromkeys(["x", "y"], 1).items()] == [("x", 1), ("y", 1)]


def test_embedding_of_the_package_takes_the_table_first():
    table = tensor.tensor([[1.0], [2.0], [3.0]], requires_grad=True)
    found = tensor.embedding(table, tensor.tensor([2, 0]), 2)
    assert found.tolist() == [[3.0], [1.0]]
    found.sum().backward()
    assert table.grad.tolist() == [[1.0], [0.0], [0.0]]


@pytest.mark.parametrize("mode", ["reflect", "circular", "replicate"])
def test_a_batch_of_no_rows_is_padded(mode):
    assert F.pad(tensor.ones(0, 3, 4, 4), (1, 1, 2, 0), mode).shape == (0, 3, 6, 6)
