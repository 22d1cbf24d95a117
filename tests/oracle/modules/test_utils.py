"""Tools for modules and parameters beside torch's."""

from __future__ import annotations

import copy
import warnings

import numpy as np
import pytest

import tensor
from tensor import func
from tests.oracle.twins import assert_same, check, copy_state, floats, ints

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.oracle


def utils_of(module):
    return torch.nn.utils if isinstance(module, torch.nn.Module) else tensor.nn.utils


def parametrizations_of(nn):
    return nn.utils.parametrizations


# --- Gradients and vectors --------------------------------------------------------------------------------------------


def gradients(library, dtypes=("float32", "float32"), nan=False):
    parameters = []
    for seed, (shape, dtype) in enumerate(zip([(3, 4), (5,)], dtypes, strict=True)):
        parameter = library.nn.Parameter(library.zeros(*shape, dtype=getattr(library, dtype)))
        parameter.grad = library.tensor(floats(*shape, seed=seed).astype(dtype))
        parameters.append(parameter)
    if nan:
        parameters[1].grad[0] = float("nan")
    return [*parameters, library.nn.Parameter(library.zeros(2))]  # one without a gradient


@pytest.mark.parametrize("norm_type", [2, 2.0, 1, 3.0, float("inf"), 0.5])
@pytest.mark.parametrize("max_norm", [0.5, 100])
@pytest.mark.parametrize("foreach", [None, True, False])
@pytest.mark.parametrize("dtypes", [("float32", "float32"), ("float64", "float32")])
def test_clip_grad_norm(dtypes, foreach, max_norm, norm_type):
    results = []
    for library in (tensor, torch):
        parameters = gradients(library, dtypes)
        total = library.nn.utils.clip_grad_norm_(parameters, max_norm, norm_type, foreach=foreach)
        results.append([total, *(each.grad for each in parameters[:2])])
    assert_same(*results, 1e-6, "clipped")


def test_clip_grad_norm_of_one_and_of_none():
    for make in (lambda each: each[0], lambda each: each[2:], lambda each: iter(each[:1])):
        results = []
        for library in (tensor, torch):
            parameters = gradients(library)
            results.append([library.nn.utils.clip_grad_norm_(make(parameters), 1.0), parameters[0].grad])
        assert_same(*results, 1e-6, "clipped")


def test_norms_that_are_not_finite():
    for library in (tensor, torch):
        parameters = gradients(library, nan=True)
        with pytest.raises(RuntimeError, match="non-finite"):
            library.nn.utils.clip_grad_norm_(parameters, 1.0, error_if_nonfinite=True)
        assert not np.isnan(parameters[0].grad.numpy()).any()
        assert np.isnan(library.nn.utils.clip_grad_norm_(parameters, 1.0).item())
        assert np.isnan(parameters[0].grad.numpy()).all()


def test_old_name_and_empty_generator():
    for library in (tensor, torch):
        with pytest.warns(FutureWarning):
            library.nn.utils.clip_grad_norm(gradients(library), 1.0)
        with pytest.warns(UserWarning, match="empty generator"):
            library.nn.utils.clip_grad_norm_((each for each in []), 1.0)


def test_norm_and_clipping_apart():
    results = []
    for library in (tensor, torch):
        parameters = gradients(library)
        total = library.nn.utils.get_total_norm([each.grad for each in parameters[:2]], 3)
        library.nn.utils.clip_grads_with_norm_(parameters, 0.3, total)
        results.append([total, library.nn.utils.get_total_norm([]), *(each.grad for each in parameters[:2])])
    assert_same(*results, 1e-6, "clipped")


@pytest.mark.parametrize("value", [0.5, 2])
def test_clip_grad_value(value):
    results = []
    for library in (tensor, torch):
        parameters = gradients(library)
        library.nn.utils.clip_grad_value_(parameters, value)
        results.append([each.grad for each in parameters[:2]])
    assert_same(*results, 0, "clipped")


def test_vectors():
    results = []
    for library in (tensor, torch):
        module = library.nn.Linear(3, 2).double()
        vector = library.tensor(floats(8)).requires_grad_()
        library.nn.utils.vector_to_parameters(vector, module.parameters())
        again = library.nn.utils.parameters_to_vector(module.parameters())
        (again * again).sum().backward()
        results.append([module.weight, module.bias, again, module.weight.grad, module.bias.grad])
        assert module.weight.data_ptr() == vector.data_ptr()
        with pytest.raises(TypeError):
            library.nn.utils.vector_to_parameters([1.0], module.parameters())
        with pytest.raises((RuntimeError, ValueError)):
            library.nn.utils.vector_to_parameters(vector[:5], module.parameters())
    assert_same(*results, 0, "vectors")


# --- Norms by hooks ---------------------------------------------------------------------------------------------------

LAYERS = [
    (lambda torch, nn: nn.Linear(4, 3), (5, 4), 0),
    (lambda torch, nn: nn.Linear(4, 3), (5, 4), 1),
    (lambda torch, nn: nn.Linear(4, 3), (5, 4), None),
    (lambda torch, nn: nn.Conv1d(2, 3, 3), (2, 2, 6), 0),
    (lambda torch, nn: nn.Conv2d(2, 3, 3), (2, 2, 5, 5), 1),
    (lambda torch, nn: nn.ConvTranspose1d(2, 3, 3), (2, 2, 5), 1),
]


@pytest.mark.parametrize(("make", "shape", "dim"), LAYERS)
def test_weight_norm_by_a_hook(make, shape, dim):
    def call(module, x):
        assert utils_of(module).weight_norm(module, dim=dim) is module
        assert list(module.state_dict()) == ["bias", "weight_g", "weight_v"]
        with module_grad_off(module):
            module.weight_g.mul_(1.5)
        return module(x)

    check(make, floats(*shape), call=call)


def module_grad_off(module):
    return (torch if isinstance(module, torch.nn.Module) else tensor).no_grad()


def test_weight_norm_by_a_hook_of_a_vector_and_removed():
    def call(module, x):
        utils = utils_of(module)
        utils.weight_norm(utils.weight_norm(module, "bias"))
        with pytest.raises(RuntimeError, match="two"):
            utils.weight_norm(module)
        first = module(x)
        utils.remove_weight_norm(module)
        with pytest.raises(ValueError, match="not found"):
            utils.remove_weight_norm(module)
        assert "weight" in dict(module.named_parameters())
        return first, module(x)

    check(lambda torch, nn: nn.Linear(4, 3), floats(5, 4), call=call)


@pytest.mark.parametrize(
    ("make", "shape", "options"),
    [
        (lambda torch, nn: nn.Linear(4, 3), (5, 4), {}),
        (lambda torch, nn: nn.Linear(4, 3), (5, 4), {"n_power_iterations": 3, "dim": 1}),
        (lambda torch, nn: nn.Conv2d(2, 3, 3), (2, 2, 5, 5), {"eps": 1e-6}),
        (lambda torch, nn: nn.ConvTranspose2d(2, 3, 3), (2, 2, 5, 5), {}),
    ],
)
def test_spectral_norm_by_a_hook(make, shape, options):
    def call(module, x):
        utils, training = utils_of(module), module.training
        assert utils.spectral_norm(module, **options) is module
        assert list(module.state_dict()) == ["bias", "weight_orig", "weight_u", "weight_v"]
        for seed, buffer in enumerate((module.weight_u, module.weight_v)):
            vector = floats(buffer.numel(), seed=seed)
            buffer.copy_(x.new_tensor(vector / np.linalg.norm(vector)))
        out = module(x), module(x)
        assert module.training == training
        return out

    # Float32 is rounded in each power iteration, and two of them stand between weight and result.
    check(make, floats(*shape), call=call, tolerance={"float32": 5e-5, "float64": 1e-10})


def test_spectral_norm_by_a_hook_removed():
    def call(module, x):
        utils = utils_of(module)
        utils.spectral_norm(module)
        with pytest.raises(RuntimeError, match="two"):
            utils.spectral_norm(module)
        for buffer in (module.weight_u, module.weight_v):
            buffer.fill_(buffer.numel() ** -0.5)
        first = module(x)
        utils.remove_spectral_norm(module)
        with pytest.raises(ValueError, match="not found"):
            utils.remove_spectral_norm(module)
        with pytest.raises((ValueError, KeyError)):
            utils.spectral_norm(module, "weights")
        with pytest.raises(ValueError, match="positive"):
            utils.spectral_norm(module, n_power_iterations=0)
        return first, module(x)

    check(lambda torch, nn: nn.Linear(4, 3), floats(5, 4), call=call)


# --- Parametrizations -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("make", "shape", "dim"), LAYERS)
def test_weight_norm(make, shape, dim):
    check(lambda torch, nn: parametrizations_of(nn).weight_norm(make(torch, nn), dim=dim), floats(*shape))


@pytest.mark.parametrize(("make", "shape", "dim"), [each for each in LAYERS if each[2] is not None])
def test_spectral_norm(make, shape, dim):
    check(
        lambda torch, nn: parametrizations_of(nn).spectral_norm(make(torch, nn), dim=dim, n_power_iterations=2),
        floats(*shape),
        call=lambda module, x: (module(x), module(x)),
    )


def test_spectral_norm_of_a_vector_and_of_transposed_convolutions():
    check(lambda torch, nn: parametrizations_of(nn).spectral_norm(nn.Linear(4, 3), "bias"), floats(5, 4))
    check(lambda torch, nn: parametrizations_of(nn).spectral_norm(nn.ConvTranspose1d(2, 3, 3)), floats(2, 2, 5))


def test_spectral_norm_starts_near_the_singular_value():
    tensor.manual_seed(0)
    module = tensor.nn.utils.parametrizations.spectral_norm(tensor.nn.Linear(6, 5).double()).eval()
    assert abs(np.linalg.svd(module.weight.detach().numpy())[1][0] - 1) < 0.1


@pytest.mark.parametrize("orthogonal_map", ["matrix_exp", "cayley", "householder", None])
@pytest.mark.parametrize("sizes", [(4, 4), (3, 5), (5, 3), (1, 4)])
@pytest.mark.parametrize("use_trivialization", [True, False])
def test_orthogonal(use_trivialization, sizes, orthogonal_map):
    def call(module, x):
        original = module.parametrizations.weight.original
        if use_trivialization:
            with module_grad_off(module):
                original.add_(x.new_tensor(0.5 * floats(*original.shape, seed=3)).tril(-1))
        return module(x), module.weight

    check(
        lambda torch, nn: parametrizations_of(nn).orthogonal(
            nn.Linear(*sizes), orthogonal_map=orthogonal_map, use_trivialization=use_trivialization
        ),
        floats(2, sizes[0]),
        call=call,
        tolerance={"float32": 2e-5, "float64": 1e-10},
        modes=["train"],
    )


@pytest.mark.parametrize("orthogonal_map", ["matrix_exp", "cayley", "householder"])
@pytest.mark.parametrize("sizes", [(4, 4), (3, 5), (5, 3)])
def test_orthogonal_weights_are_orthonormal_and_can_be_assigned(sizes, orthogonal_map):
    tensor.manual_seed(0)
    module = tensor.nn.utils.parametrizations.orthogonal(tensor.nn.Linear(*sizes).double(), "weight", orthogonal_map)
    for change in (None, floats(sizes[1], sizes[0])):
        if change is not None:
            module.parametrizations.weight.original.data.add_(tensor.tensor(change).tril(-1))
        w = module.weight.detach().numpy()
        product = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
        np.testing.assert_allclose(product, np.eye(len(product)), atol=1e-12)
    q = tensor.nn.init.orthogonal_(tensor.empty(sizes[1], sizes[0], dtype=tensor.float64))
    module.weight = q
    np.testing.assert_allclose(module.weight.detach().numpy(), q.numpy(), atol=1e-12)


@pytest.mark.parametrize("size", [1.0, 30.0, 400.0])
def test_matrix_exp(size):
    from tensor.nn.utils.orthogonal_maps import matrix_exp

    a = size * floats(2, 4, 4) / 4
    for values in (a - a.swapaxes(1, 2), np.zeros((3, 3)), floats(3, 3)):
        mine, theirs = (library.tensor(values).requires_grad_() for library in (tensor, torch))
        out, expected = matrix_exp(mine), torch.linalg.matrix_exp(theirs)
        out.sum().backward()
        expected.sum().backward()
        assert_same([out, mine.grad], [expected, theirs.grad], 1e-10, "exponential")


class Symmetric:
    """A parametrization for both libraries."""

    def __new__(cls, nn):
        class Symmetric(nn.Module):
            def forward(self, x):
                return x.triu() + x.triu(1).transpose(-1, -2)

            def right_inverse(self, x):
                return x.triu()

        return Symmetric()


class Scaled:
    def __new__(cls, nn):
        class Scaled(nn.Module):
            def forward(self, x):
                return 2 * x

        return Scaled()


def test_parametrizations_of_ones_own():
    def make(torch, nn):
        module = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4))
        for name, kind in (("weight", Symmetric), ("weight", Scaled), ("bias", Scaled)):
            nn.utils.parametrize.register_parametrization(module[0], name, kind(nn))
        return module

    check(make, floats(3, 4))
    for library in (tensor, torch):
        parametrize = library.nn.utils.parametrize
        module = make(library, library.nn)
        assert [parametrize.is_parametrized(each) for each in module] == [True, False, False]
        assert parametrize.is_parametrized(module[0], "bias")
        assert not parametrize.is_parametrized(module[0], "weights")
        assert parametrize.type_before_parametrizations(module[0]) is library.nn.Linear
        assert isinstance(module[0], library.nn.Linear)
        with pytest.raises(RuntimeError, match="right_inverse"):
            module[0].bias = library.zeros(4)
        with parametrize.cached():
            assert module[0].weight is module[0].weight
        assert module[0].weight is not module[0].weight


@pytest.mark.parametrize("leave", [True, False])
def test_parametrizations_removed(leave):
    def call(module, x):
        parametrize = utils_of(module).parametrize
        parametrize.remove_parametrizations(module, "weight", leave_parametrized=leave)
        assert list(module.state_dict()) == ["bias", "weight"]
        assert type(module).__name__ == "Linear"
        with pytest.raises(ValueError, match="does not have"):
            parametrize.remove_parametrizations(module, "weight")
        return module(x)

    check(
        lambda torch, nn: nn.utils.parametrize.register_parametrization(nn.Linear(4, 4), "weight", Symmetric(nn)),
        floats(3, 4),
        call=call,
        modes=["train"],  # copies of torch's share their class, which removing changes
    )


def test_parametrization_by_several_tensors_removed():
    def call(module, x):
        parametrize = utils_of(module).parametrize
        with pytest.raises(ValueError, match="sequence of tensors"):
            parametrize.remove_parametrizations(module, "weight", leave_parametrized=False)
        parametrize.remove_parametrizations(module, "weight")
        return module(x)

    check(
        lambda torch, nn: parametrizations_of(nn).weight_norm(nn.Linear(4, 3)), floats(5, 4), call=call, modes=["train"]
    )


def test_parametrized_weights_assigned():
    def call(module, x):
        module.weight = x.new_tensor(floats(4, 4, seed=5))
        return module(x)

    check(
        lambda torch, nn: nn.utils.parametrize.register_parametrization(nn.Linear(4, 4), "weight", Symmetric(nn)),
        floats(3, 4),
        call=call,
    )
    check(lambda torch, nn: parametrizations_of(nn).weight_norm(nn.Linear(4, 4)), floats(3, 4), call=call)


def test_parametrizations_transferred():
    def call(module, x):
        library = torch if isinstance(module, torch.nn.Module) else tensor
        other = library.nn.Linear(4, 4, bias=False).to(x.dtype)
        utils_of(module).parametrize.transfer_parametrizations_and_params(module, other)
        assert other.parametrizations.weight.original is module.parametrizations.weight.original
        return module(x), other(x)

    check(
        lambda torch, nn: nn.utils.parametrize.register_parametrization(
            nn.Linear(4, 4, bias=False), "weight", Symmetric(nn)
        ),
        floats(3, 4),
        call=call,
    )


def test_a_state_of_the_older_weight_norm_loads_into_the_newer():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        old = tensor.nn.Sequential(tensor.nn.utils.weight_norm(tensor.nn.Linear(4, 3)))
    new = tensor.nn.Sequential(tensor.nn.utils.parametrizations.weight_norm(tensor.nn.Linear(4, 3)))
    new.load_state_dict(old.state_dict())
    x = tensor.randn(2, 4)
    assert_same(new(x), old(x), 1e-6, "output")


# --- Whole modules ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "norm", "shape"),
    [
        (lambda nn: nn.Conv1d(2, 3, 3), lambda nn: nn.BatchNorm1d(3), (2, 2, 6)),
        (lambda nn: nn.Conv2d(2, 3, 3, bias=False), lambda nn: nn.BatchNorm2d(3), (2, 2, 6, 6)),
        (lambda nn: nn.Conv2d(2, 3, 3), lambda nn: nn.BatchNorm2d(3, affine=False), (2, 2, 6, 6)),
        (lambda nn: nn.ConvTranspose2d(2, 3, 3), lambda nn: nn.BatchNorm2d(3, eps=1e-3), (2, 2, 4, 4)),
        (lambda nn: nn.Linear(2, 3), lambda nn: nn.BatchNorm1d(3), (4, 2)),
        (lambda nn: nn.Linear(2, 3, bias=False), lambda nn: nn.BatchNorm1d(3), (4, 2)),
    ],
)
def test_fusion(make, norm, shape):
    def call(module, x):
        layer, after = module
        after(layer(x).detach() * 2 + 1)  # statistics
        module.eval()
        utils = utils_of(module)
        if isinstance(layer, torch.nn.Linear | tensor.nn.Linear):
            fused = utils.fuse_linear_bn_eval(layer, after)
        else:
            transposed = isinstance(layer, torch.nn.ConvTranspose2d | tensor.nn.ConvTranspose2d)
            fused = utils.fuse_conv_bn_eval(layer, after, transpose=transposed)
        assert [each.requires_grad for each in fused.parameters()] == [True, layer.bias is not None]
        assert_same(fused(x), module(x), 1e-5, "fused")
        return fused(x)

    check(
        lambda torch, nn: nn.Sequential(make(nn), norm(nn)),
        floats(*shape),
        call=call,
        modes=["train"],
        gradients=False,
    )


def test_fusion_refused():
    for library in (tensor, torch):
        nn = library.nn
        with pytest.raises((ValueError, AssertionError), match="only for eval"):
            nn.utils.fuse_conv_bn_eval(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3))
        with pytest.raises((ValueError, AssertionError), match="running"):
            nn.utils.fuse_conv_bn_eval(nn.Conv2d(2, 3, 3).eval(), nn.BatchNorm2d(3, track_running_stats=False).eval())
        with pytest.raises((ValueError, AssertionError), match="num_features"):
            nn.utils.fuse_linear_bn_eval(nn.Linear(2, 3).eval(), nn.BatchNorm1d(2).eval())


def test_skip_init():
    for library in (tensor, torch):
        nn = library.nn
        module = nn.utils.skip_init(nn.Linear, 4, 3, bias=False, dtype=library.float64)
        assert (module.weight.shape, module.weight.dtype, module.weight.requires_grad) == (
            (3, 4),
            library.float64,
            True,
        )
        with pytest.raises(RuntimeError, match="device"):
            nn.utils.skip_init(nn.ReLU)
        with pytest.raises(RuntimeError, match="Module"):
            nn.utils.skip_init(dict)


class Tied:
    def __new__(cls, nn):
        class Tied(nn.Module):
            def __init__(self):
                super().__init__()
                self.table = nn.Embedding(5, 3)
                self.out = nn.Linear(3, 5)
                self.out.weight = self.table.weight
                self.norm = nn.BatchNorm1d(5)

            def forward(self, x, scale=1.0):
                return self.norm(self.out(self.table(x) * scale))

        return Tied()


@pytest.mark.parametrize("tie", [True, False])
def test_functional_call(tie):
    results = []
    mine, theirs = (Tied(library.nn).double() for library in (tensor, torch))
    copy_state(theirs, mine)
    for library, module in ((tensor, mine), (torch, theirs)):
        weight = library.tensor(floats(5, 3)).requires_grad_()
        mean = library.tensor(floats(5))
        given = {"table.weight": weight, "norm.running_mean": mean}
        before = copy.deepcopy(module.state_dict())
        out = library.func.functional_call(module, given, (library.tensor(ints(5, 4)),), {"scale": 2}, tie_weights=tie)
        (out * library.tensor(floats(4, 5))).sum().backward()
        after = module.state_dict()
        assert all(
            (before[name] == after[name]).all()
            for name in before
            if name != "norm.num_batches_tracked" and "var" not in name
        )
        assert module.out.weight is module.table.weight
        results.append([out, weight.grad, module.out.weight.grad, given["norm.running_mean"]])
    assert_same(*results, 1e-10, "functional call")


def test_functional_call_refused():
    for library in (tensor, torch):
        module = library.nn.Linear(2, 2)
        x, weight = library.ones(1, 2), library.ones(2, 2)
        call = library.func.functional_call
        with pytest.raises(RuntimeError, match=r"(?s)Unexpected key.*'other'.*Missing key.*'bias'"):
            call(module, {"weight": weight, "other": weight}, x, strict=True)
        with pytest.raises(ValueError, match="multiple dictionaries"):
            call(module, [{"weight": weight}, {"weight": weight}], x)
        with pytest.raises(ValueError, match="dict"):
            call(module, 3, x)
        tied = Tied(library.nn)
        with pytest.raises(ValueError, match="tied"):
            call(tied, {"table.weight": library.ones(5, 3), "out.weight": library.ones(5, 3)}, x)
        with pytest.raises(AttributeError):
            call(module, {"part.weight": weight}, x)
        with pytest.warns(FutureWarning, match="functional_call"):
            library.nn.utils.stateless.functional_call(module, {}, x)


def test_what_was_there_is_back_after_an_error():
    module = tensor.nn.Linear(2, 2)
    weight = module.weight
    with pytest.raises(RuntimeError):
        func.functional_call(module, {"weight": tensor.ones(2, 2), "extra": tensor.ones(1)}, tensor.ones(3, 5))
    assert module.weight is weight
    assert not hasattr(module, "extra")


def test_states_stacked():
    results = []
    modules = [[library.nn.Linear(2, 3) for _ in range(3)] for library in (tensor, torch)]
    for mine, theirs in zip(*modules, strict=True):
        copy_state(theirs, mine)
    for library, each in zip((tensor, torch), modules, strict=True):
        parameters, buffers = library.func.stack_module_state(each)
        assert list(parameters) == ["weight", "bias"]
        assert buffers == {}
        assert parameters["weight"].requires_grad
        assert parameters["weight"].is_leaf
        results.append(list(parameters.values()))
        with pytest.raises(RuntimeError):
            library.func.stack_module_state([])
        with pytest.raises(RuntimeError):
            library.func.stack_module_state([library.nn.ReLU(), library.nn.Tanh()])
    assert_same(*results, 0, "stacked")


def test_memory_formats_change_no_numbers():
    def call(module, x):
        library = torch if isinstance(module, torch.nn.Module) else tensor
        utils = utils_of(module)
        assert utils.convert_conv2d_weight_memory_format(module, library.channels_last) is module
        assert utils.convert_conv3d_weight_memory_format(module, library.channels_last_3d) is module
        return module(x)

    check(
        lambda torch, nn: nn.Sequential(nn.Conv2d(2, 3, 3), nn.ConvTranspose2d(3, 2, 3)), floats(2, 2, 6, 6), call=call
    )


def test_all_public_names_are_there():
    assert [name for name in torch.nn.utils.__all__ if not hasattr(tensor.nn.utils, name)] == []
