"""What model files call on the way, in both libraries: one source, the same numbers and gradients."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest

import tensor as T

torch = pytest.importorskip("torch")

from tests.oracle.comparing import assert_close  # noqa: E402 - it needs torch

pytestmark = pytest.mark.oracle

RANDOM = np.random.default_rng(3)
A = RANDOM.normal(size=(3, 4))
B = RANDOM.normal(size=(4, 4))
PAIRS = RANDOM.normal(size=(2, 3, 2))
WAVE = RANDOM.normal(size=(2, 50))
NUMBERS = np.array([[1, 2, 3], [4, 5, 6]])


def values_of(result: Any) -> Any:
    """A result with what can be compared in place of what is the library's own."""
    if isinstance(result, dict):
        return [values_of(each) for each in result.values()]
    if isinstance(result, tuple | list) and type(result).__name__ != "Size":
        return [values_of(each) for each in result]
    if type(result).__name__ == "Size":
        return list(result)
    if isinstance(result, T.Tensor | torch.Tensor):
        return torch.view_as_real(result) if isinstance(result, torch.Tensor) and result.is_complex() else result
    if isinstance(result, T.ComplexTensor):
        return T.view_as_real(result)
    return str(result).replace("torch", "tensor") if not isinstance(result, bool | int | float | None) else result


def check(compute: Any, *arrays: np.ndarray, tolerance: float = 1.0) -> None:
    """Compute in both libraries; compare the results, and the gradients of float operands."""
    sides = []
    for library in (T, torch):
        operands = [library.tensor(each, requires_grad=each.dtype.kind == "f") for each in arrays]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = values_of(compute(library, *operands))
        sides.append((operands, found if isinstance(found, list) else [found]))
    (mine, ours), (theirs, yours) = sides
    assert_close(ours, yours, family="compat", tolerance=tolerance)
    flat = [(a, b) for a, b in zip(_flat(ours), _flat(yours), strict=True) if getattr(b, "requires_grad", False)]
    for a, b in flat:
        assert a.requires_grad
        weights = RANDOM.normal(size=tuple(b.shape))
        (a * T.tensor(weights)).sum().backward(retain_graph=True)
        (b * torch.tensor(weights)).sum().backward(retain_graph=True)
    if flat:
        for a, b in zip(mine, theirs, strict=True):
            assert (a.grad is None) == (b.grad is None)
            if b.grad is not None:
                assert_close(a.grad, b.grad, family="compat", tolerance=tolerance)


def _flat(found: Any) -> list[Any]:
    return [leaf for each in found for leaf in (_flat(each) if isinstance(each, list) else [each])]


def rope(t: Any, x: Any) -> Any:
    """Rotary positions as the LLaMA code has them."""
    size = x.shape[-1]
    freqs = 1.0 / (10000.0 ** (t.arange(0, size, 2)[: (size // 2)].double() / size))
    cis = t.polar(
        t.ones(x.shape[0], size // 2).double(), t.outer(t.arange(x.shape[0], device=x.device), freqs).double()
    )
    turned = t.view_as_complex(x.double().reshape(*x.shape[:-1], -1, 2)) * cis.view(x.shape[0], size // 2)
    return t.view_as_real(turned).flatten(1).type_as(x)


def inplace_views(t: Any, a: Any) -> Any:
    x = a * 2
    x.unsqueeze_(0)
    x.transpose_(1, 2)
    y = x.mul(3)
    y.squeeze_(0).t_()
    return x, y, x.permute(2, 0, 1).squeeze_(1)


def outs(t: Any, a: Any) -> Any:
    x = a.detach().clone()
    return [
        t.maximum(x, x.flip(0), out=x),
        t.max(x, 1, out=(t.zeros(3, dtype=t.float64), t.zeros(3, dtype=t.int64))).values,
        t.sin(x[:, :2], out=x[:, 2:]),
        t.cat([x, x], out=t.empty(6, 4, dtype=t.float64)),
        t.mean(x, dim=-1, out=None),
        t.sum(x, 0, out=t.zeros(4, dtype=t.float64)),
        x,
    ]


COMPUTED: dict[str, tuple[Any, ...]] = {
    "rope": (rope, A),
    "in-place views": (inplace_views, A),
    "isin": (lambda t, n: (t.isin(n, t.tensor([2, 5])), t.isin(n, 3, invert=True), t.isin(n, n[:0])), NUMBERS),
    "isin of floats": (lambda t, a: t.isin(a, a[0]), A),
    "asarray": (lambda t: (t.asarray([1, 2]), t.asarray(2.5), t.asarray(NUMBERS, dtype=t.float32)),),
    "scalar_tensor": (lambda t: (t.scalar_tensor(3), t.scalar_tensor(2, dtype=t.int64)),),
    "legacy of data": (
        lambda t: (
            t.FloatTensor([1, 2]),
            t.LongTensor([[1.5, 2.5]]),
            t.BoolTensor([0, 2]),
            t.DoubleTensor(A),
            t.HalfTensor([1.0]),
            t.ByteTensor([3]),
            t.IntTensor(range(3)),
        ),
    ),
    "legacy of sizes": (
        lambda t: (t.FloatTensor(2, 3).shape, t.LongTensor(t.Size([2, 1])).shape, t.Tensor(t.Size([2, 3])).shape),
    ),
    "legacy of a tensor": (lambda t, a: (t.DoubleTensor(a.detach()), isinstance(a, t.DoubleTensor)), A),
    "legacy instances": (
        lambda t: (
            isinstance(t.ones(1), t.FloatTensor),
            isinstance(t.ones(1), t.LongTensor),
            isinstance(t.ones(1).long(), t.LongTensor),
        ),
    ),
    "type": (
        lambda t, a: (a.type(), a.type(t.FloatTensor), a.type(f"{t.__name__}.LongTensor"), a.type(t.int32).type()),
        A,
    ),
    "new": (lambda t, a: (a.new(2, 3).shape, a.new([1, 2]), a.new().shape, a.new(a.size()).shape), A),
    "names": (
        lambda t: (t.typename(t.ones(1)), t.typename([1]), t.can_cast(t.float32, t.int32), t.can_cast(t.int8, t.half)),
    ),
    "where it lives": (
        lambda t, a: (a.get_device(), a.is_cpu, a.is_cuda, a.is_sparse, a.is_quantized, a.layout, a.is_pinned()),
        A,
    ),
    "devices": (
        lambda t: (
            t.device("cuda", 1),
            t.device("cpu:0"),
            t.device("cuda:1").index,
            t.device("cpu") == t.device("cpu"),
            t.device("cuda") == t.device("cuda:0"),
            t.device("mps").type,
            t.device(t.device("cuda:1")),
        ),
    ),
    "memory formats": (
        lambda t: [
            t.ones(2, 3, 4, 4).contiguous(memory_format=t.channels_last),
            t.ones(2, 3, 4, 4).is_contiguous(memory_format=t.channels_last),
            t.ones(2, 3, 4, 4).is_contiguous(memory_format=t.contiguous_format),
            t.zeros_like(t.ones(2), memory_format=t.preserve_format),
            t.ones(2).clone(memory_format=t.contiguous_format),
            t.ones(1, 2, 3, 3).to(memory_format=t.channels_last),
            t.empty(1, 2, 3, 3, memory_format=t.channels_last).shape,
            t.zeros(2, layout=t.strided, pin_memory=False),
            t.channels_last,
        ],
    ),
    "windows": (
        lambda t: [
            window(length, periodic=periodic, dtype=t.float64)
            for window in (t.hann_window, t.hamming_window, t.blackman_window, t.bartlett_window)
            for length in (0, 1, 2, 5, 8)
            for periodic in (True, False)
        ],
    ),
    "kaiser window": (lambda t: (t.kaiser_window(6, dtype=t.float64), t.kaiser_window(5, False, 4.0)),),
    "angle": (lambda t, a: (t.angle(a), a.real, t.conj(a), t.isreal(a)), A),
    "complex arithmetic": (
        lambda t, p, q: (
            (x := t.view_as_complex(p)) * (y := t.view_as_complex(q)),
            x + y,
            x - 2,
            3 - x,
            x / y,
            x * 2j,
            (1 + 1j) / y,
            x * y.real,
            y.imag * x,
            -x,
            x.conj().resolve_conj(),
            x.abs(),
            t.abs(x),
            t.angle(x),
            t.real(x),
            t.imag(y),
            x.exp(),
            x[0],
            x.T,
            x.sum(0),
            x.mean(),
            x @ y.mT,
            t.ones(2, 3, dtype=t.float64) * x,
        ),
        PAIRS,
        PAIRS[::-1].copy(),
    ),
    "complex of parts": (lambda t, a: (t.complex(a, a * 2), t.polar(a.abs(), a), t.complex(a, a[:1])), A),
    "complex facts": (
        lambda t, p: (
            (x := t.view_as_complex(p)).shape,
            x.dtype,
            t.is_complex(x),
            t.is_complex(p),
            x.is_floating_point(),
            x.numel(),
            x.to(t.complex64).dtype,
        ),
        PAIRS,
    ),
    "length of zero": (lambda t, p: t.view_as_complex(p * 0).abs(), PAIRS),
    "FNet": (lambda t, a: t.fft.fft(t.fft.fft(a, dim=-1), dim=-2).real, A),
    "GFNet": (
        lambda t, a, w: t.fft.irfft2(t.fft.rfft2(a, norm="ortho") * t.view_as_complex(w), s=(3, 4), norm="ortho"),
        A,
        RANDOM.normal(size=(3, 3, 2)),
    ),
    "fftn": (lambda t, a: (t.fft.fftn(a), t.fft.ifftn(a, s=(2, 5)), t.fft.fft2(a).real, t.fft.ifft2(a, (4, 4))), A),
    "rfftn": (lambda t, a: (t.fft.rfftn(a), t.fft.irfftn(t.fft.rfftn(a), s=a.shape)), A),
    "fftshift": (
        lambda t, a: (t.fft.fftshift(a), t.fft.ifftshift(a, 0), t.fft.fftshift(t.fft.fft(a), dim=(0,))),
        A,
    ),
    "fftfreq": (lambda t: (t.fft.fftfreq(5), t.fft.fftfreq(4, 0.5), t.fft.rfftfreq(5, 2.0)),),
    "stft": (
        lambda t, w: (
            t.stft(w, 16, return_complex=True),
            t.stft(w[0], 16, 5, 10, t.hann_window(10, dtype=t.float64), return_complex=True).abs(),
            t.stft(w, 8, 3, center=False, normalized=True, onesided=False, return_complex=True),
            t.stft(w, 8, 3, pad_mode="constant", return_complex=False),
        ),
        WAVE,
    ),
    "istft": (
        lambda t, w: [
            t.istft(t.stft(w, 16, 4, window=window, return_complex=True), 16, 4, window=window, length=length)
            for window in [t.hann_window(16, dtype=t.float64)]
            for length in (None, 50, 40, 60)
        ],
        WAVE,
    ),
    "svd and qr of old": (
        lambda t, a: (t.svd(a)[1], t.svd(a, compute_uv=False)[2], t.qr(a)[1].abs(), a.svd().S, a.qr().R.abs()),
        A,
    ),
    "ranks and conditions": (
        lambda t, b: (
            t.linalg.matrix_rank(b),
            t.linalg.matrix_rank(b @ b.mT, hermitian=True),
            t.linalg.matrix_rank(b[:, :2] @ b[:2], tol=1e-6),
            t.linalg.cond(b),
            t.linalg.cond(b, -2),
            t.linalg.svdvals(b),
            t.linalg.eigvalsh(b + b.mT),
        ),
        B,
    ),
    "pinverse": (lambda t, a: (t.pinverse(a), a.pinverse(), t.linalg.pinv(a @ a.mT, rtol=0.1)), A),
    "lstsq": (
        lambda t, b: (
            (found := t.linalg.lstsq(b[:, :2], b)).solution,
            t.tensor(found.rank.item()),
            t.linalg.lstsq(b[:2], b[:2]).solution,
        ),
        B,
    ),
    "cholesky": (
        lambda t, b: (
            t.cholesky_solve(b, t.linalg.cholesky(b @ b.mT + 3 * t.eye(4))),
            t.cholesky_inverse(t.linalg.cholesky(b @ b.mT + 3 * t.eye(4))),
        ),
        B,
    ),
    "qr modes": (
        lambda t, a: (t.linalg.qr(a.detach(), mode="r")[1].abs(), t.linalg.qr(a.detach().mT, mode="complete").R.abs()),
        A,
    ),
    "sum_to_size": (lambda t, a: (a.sum_to_size(1, 4), a.sum_to_size((4,)), a.sum_to_size(3, 4)), A),
    "apply_": (
        lambda t, a: (a.detach().clone().apply_(lambda x: x * 2), t.ones(3).map_(t.arange(3.0), lambda x, y: x + y)),
        A,
    ),
    "in-place functions": (
        lambda t, a: (t.exp_(a * 1), t.relu_(a * 1), t.clamp_(a * 1, 0, 1), t.sigmoid_(a * 1), t.neg_(a * 1)),
        A,
    ),
    "out": (outs, A),
    "unsafe pieces": (lambda t, a: (t.unsafe_chunk(a, 2), t.unsafe_split(a, 2), a.unsafe_chunk(2, 1)), A),
    "settings": (
        lambda t: (
            t.set_num_threads(t.get_num_threads()),
            t.set_float32_matmul_precision("high"),
            t.get_float32_matmul_precision(),
            t.set_float32_matmul_precision("highest"),
            t.are_deterministic_algorithms_enabled(),
            t.use_deterministic_algorithms(True, warn_only=True),
            t.is_deterministic_algorithms_warn_only_enabled(),
            t.get_deterministic_debug_mode(),
            t.use_deterministic_algorithms(False),
            t.get_default_device(),
            t.get_default_dtype(),
        ),
    ),
    "cuda": (
        lambda t: (
            t.cuda.is_available(),
            t.cuda.device_count(),
            t.cuda.is_initialized(),
            t.cuda.manual_seed(1),
            t.cuda.manual_seed_all(1),
            t.cuda.empty_cache(),
            t.cuda.memory_allocated(),
            t.cuda.max_memory_allocated(),
            t.cuda.get_rng_state_all(),
        ),
    ),
    "backends": (
        lambda t: (
            t.backends.cudnn.is_available(),
            t.backends.cudnn.version(),
            t.backends.mps.is_available(),
            t.backends.mps.is_built(),
            t.backends.cuda.matmul.allow_tf32,
            t.backends.cuda.is_built(),
            t.backends.cudnn.benchmark,
            t.backends.cudnn.deterministic,
            t.backends.cudnn.enabled,
        ),
    ),
    "versions": (
        lambda t: (
            t.__version__.split("+")[0],
            t.__version__ >= "1.9",
            t.__version__ < (2, 0),
            tuple(int(part) for part in t.__version__.split(".")[:2]),
            t.version.cuda,
            t.version.hip,
        ),
    ),
    "amp that is off": (
        lambda t, a: (
            t.is_autocast_enabled(),
            t.autocast("cpu", enabled=False).__enter__() is None,
            t.amp.GradScaler("cuda", enabled=False).scale(a),
            t.cuda.amp.GradScaler(enabled=False).get_scale(),
            t.get_autocast_dtype("cpu"),
            t.get_autocast_dtype("cuda"),
        ),
        A,
    ),
    "amp on cuda without a GPU": (
        lambda t, a: (
            t.autocast("cuda")(lambda: a @ a.mT)(),
            t.cuda.amp.autocast()(lambda: a * 2)(),
            t.cuda.amp.GradScaler().scale(a),
        ),
        A,
    ),
    "checkpoint": (
        lambda t, a: (
            t.utils.checkpoint.checkpoint(lambda x, y: x * y.sin(), a, a, use_reentrant=False),
            t.utils.checkpoint.checkpoint_sequential([t.sin, t.cos, t.exp], 2, a, use_reentrant=False),
        ),
        A,
    ),
    "variables": (
        lambda t, a: (
            t.autograd.Variable(a).requires_grad,
            isinstance(a, t.autograd.Variable),
            t.autograd.Variable(a, requires_grad=True).is_leaf,
            t.autograd.Variable(a.detach()),
        ),
        A,
    ),
    "questions": (
        lambda t, a: (
            t.jit.is_scripting(),
            t.jit.is_tracing(),
            t.jit.annotate(list, [1]),
            t.compiler.is_compiling(),
            t.onnx.is_in_onnx_export(),
            t.overrides.has_torch_function((a,)),
            t.overrides.is_tensor_like(a),
            t.distributed.is_initialized(),
            t.is_storage(a),
            t.jit.wait(t.jit.fork(t.sin, a)),
            t._assert(True, "fine"),
        ),
        A,
    ),
}


@pytest.mark.parametrize("name", COMPUTED)
def test_the_same_as_torch(name: str) -> None:
    compute, *arrays = COMPUTED[name]
    check(compute, *arrays, tolerance=10.0)


REFUSED = {
    "tensor on a GPU": lambda t: t.ones(2, device="cuda"),
    "tensor to a GPU": lambda t: t.ones(2).to("cuda"),
    "cuda()": lambda t: t.ones(2).cuda(),
    "number of a device": lambda t: t.ones(2).to(0),
    "unknown device": lambda t: t.device("gpu"),
    "device with two numbers": lambda t: t.device("cuda:1", 1),
    "constructor on a GPU": lambda t: t.cuda.FloatTensor([1.0]),
    "current GPU": lambda t: t.cuda.current_device(),
    "generator on a GPU": lambda t: t.Generator("cuda"),
    "legacy of a number": lambda t: t.FloatTensor(2.0),
    "legacy of another dtype": lambda t: t.FloatTensor(t.ones(2, dtype=t.int64)),
    "squeeze_ of a leaf": lambda t: t.ones(1, 2, requires_grad=True).squeeze_(0),
    "parts that differ": lambda t: t.complex(t.ones(2), t.ones(2, dtype=t.float64)),
    "pairs of three": lambda t: t.view_as_complex(t.ones(3)),
    "real as pairs": lambda t: t.view_as_real(t.ones(2)),
    "imag of real": lambda t: t.imag(t.ones(2)),
    "stft without return_complex": lambda t: t.stft(t.ones(100), 16),
    "stft too short": lambda t: t.stft(t.ones(8), 16, center=False, return_complex=True),
    "fft of no points": lambda t: t.fft.fft(t.ones(2), 0),
    "fft norm": lambda t: t.fft.fft(t.ones(2), norm="none"),
    "size that does not fit": lambda t: t.ones(2, 3).sum_to_size(3, 3),
    "negative window": lambda t: t.hann_window(-1),
    "Variable of a number": lambda t: t.autograd.Variable(3.0),
    "no process group": lambda t: t.distributed.get_rank(),
    "assert": lambda t: t._assert(False, "no"),
    "channels last of three": lambda t: t.ones(2, 2, 2).contiguous(memory_format=t.channels_last),
    "out with a gradient": lambda t: t.maximum(t.ones(2, requires_grad=True), t.ones(2), out=t.ones(2)),
    "out of another dtype": lambda t: t.maximum(t.ones(2), t.ones(2), out=t.ones(2).long()),
    "both or neither tolerance": lambda t: t.testing.assert_close(t.ones(1), t.ones(1), rtol=1.0),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_as_in_torch(name: str) -> None:
    for library in (torch, T):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with pytest.raises((RuntimeError, TypeError, ValueError, AssertionError)):
                REFUSED[name](library)


CLOSE = {
    "equal": lambda t: (t.ones(2), t.ones(2)),
    "near": lambda t: (t.ones(2), t.ones(2) + 1e-6),
    "apart": lambda t: (t.ones(2), t.ones(2) + 1e-3),
    "shapes": lambda t: (t.ones(2), t.ones(1)),
    "dtypes": lambda t: (t.ones(2), t.ones(2).double()),
    "integers": lambda t: (t.tensor([1, 2]), t.tensor([1, 3])),
    "nan": lambda t: (t.tensor([math.nan]), t.tensor([math.nan])),
    "infinite": lambda t: (t.tensor([math.inf]), t.tensor([math.inf])),
    "infinities": lambda t: (t.tensor([math.inf]), t.tensor([-math.inf])),
    "numbers": lambda t: (1.0, 1.0 + 1e-9),
    "lists": lambda t: ([t.ones(1), 2.0], [t.ones(1), 2.5]),
    "lengths": lambda t: ([1.0], [1.0, 2.0]),
    "mappings": lambda t: ({"a": t.ones(1)}, {"a": t.ones(1)}),
    "keys": lambda t: ({"a": 1.0}, {"b": 1.0}),
    "kinds": lambda t: (t.ones(1), 1.0),
    "half": lambda t: (t.ones(2).half(), (t.ones(2) + 9e-4).half()),
}


@pytest.mark.parametrize("name", CLOSE)
def test_assert_close_says_the_same(name: str) -> None:
    said = []
    for library in (torch, T):
        try:
            library.testing.assert_close(*CLOSE[name](library))
        except AssertionError:
            said.append("apart")
        except TypeError:
            said.append("not of one kind")
        else:
            said.append("close")
    assert said[0] == said[1]


def _through(t: Any, how: str) -> list[Any]:
    """What a model with a batch norm computes through a checkpoint: gradients, and buffers after."""
    nn = t.nn
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2))
    for at, parameter in enumerate(model.parameters()):
        parameter.data.copy_(t.tensor(np.random.default_rng(at).normal(size=tuple(parameter.shape))))
    x = t.tensor(np.random.default_rng(9).normal(size=(5, 3)), dtype=t.float32, requires_grad=how != "no input")
    checkpoint = t.utils.checkpoint
    if how == "sequential":
        out = checkpoint.checkpoint_sequential(model, 2, x * 2, use_reentrant=False)
    else:
        out = checkpoint.checkpoint(model, x * 2, use_reentrant=how == "reentrant")
    out.sin().sum().backward()
    kept = [] if x.grad is None else [x.grad]
    return [*kept, *[each.grad for each in model.parameters()], *model.buffers()]


@pytest.mark.parametrize("how", ["not reentrant", "reentrant", "no input", "sequential"])
def test_checkpoints_run_twice_as_in_torch(how: str) -> None:
    assert_close(_through(T, how), _through(torch, how), family="compat", tolerance=10.0)


STEPS = {
    "add": lambda t, x, y: (x.add(2, y), t.add(x, 2, y), t.add(x, t.tensor(2.0), y), x.clone().add_(0.5, y)),
    "sub": lambda t, x, y: (x.sub(0.5, y), t.sub(x, 2, y), x.clone().sub_(0.1, y)),
    "addcmul": lambda t, x, y: (x.addcmul(2, x, y), t.addcmul(x, 0.5, x, y), x.clone().addcmul_(0.1, y, y)),
    "addcdiv": lambda t, x, y: (x.addcdiv(2, x, y), t.addcdiv(x, 0.5, x, y), x.clone().addcdiv_(-0.1, x, y)),
    "addmm": lambda t, x, y: (
        t.addmm(2, x, 3, x, y),
        t.addmm(2, x, x, y),
        t.addmm(t.tensor(2.0), x, x, y),
        x.addmm(2, 3, x, y),
        x.addmm(t.tensor(2.0), 3, x, y),
        x.clone().addmm_(2, x, y),
    ),
    "addmv": lambda t, x, y: (t.addmv(2, x[0], 3, x, y[0]), x[0].addmv(2, x, y[0]), x[0].clone().addmv_(2, 3, x, y[0])),
    "addr": lambda t, x, y: (t.addr(2, x, 3, x[0], y[0]), x.addr(2, x[0], y[0]), x.clone().addr_(2, 3, x[0], y[0])),
    "batches": lambda t, x, y: (
        t.addbmm(2, x, 3, x[None], y[None]),
        x.clone().addbmm_(2, 3, x[None], y[None]),
        t.baddbmm(2, x[None], 3, x[None], y[None]),
        x[None].clone().baddbmm_(2, x[None], y[None]),
    ),
}


@pytest.mark.parametrize("name", STEPS)
def test_numbers_before_the_tensors_that_they_scale(name: str) -> None:
    check(STEPS[name], B, B[::-1].copy())


COUNTED = {
    "F.interpolate(x[None, None], size=(n, 3)).shape",
    "F.interpolate(x[None, None], size=n, mode='bilinear').shape",
    "t.topk(x, n).values",
    "x.kthvalue(n).values",
    "x.narrow(0, n, n - 1)",
    "x.narrow(1, 0, n)",
    "F.one_hot(t.tensor([0, 1]), n + 1)",
    "x.split(n)",
    "x.chunk(n, 1)",
    "x.tensor_split(n)",
    "x.select(0, n)",
    "x.unfold(0, n, n)",
    "x.repeat(n, 1)",
    "x.repeat_interleave(n, dim=1)",
    "F.pixel_shuffle(x[None].repeat(4, 1, 1), n)",
    "t.multinomial(x.exp(), n).shape",
    "t.combinations(x[0], n)",
    "t.rot90(x, n)",
    "x.triu(n) + x.tril(n)",
    "x.diagonal(n)",
    "t.topk(x, t.tensor(2.0))",
    "x.narrow(0, t.tensor([1, 2]), 1)",
}


@pytest.mark.parametrize("call", sorted(COUNTED))
def test_integer_tensors_as_counts(call: str) -> None:
    found = []
    for library in (torch, T):
        names = {"t": library, "F": library.nn.functional, "x": library.tensor(B), "n": library.tensor(2)}
        try:
            found.append(values_of(eval(call, names)))
        except (RuntimeError, TypeError):
            found.append("refused")
    if "refused" in found:
        assert found[0] == found[1]
    else:
        assert_close(found[1], found[0], family="compat")


LOOPS = {
    "of one": lambda t, xs: [
        *t._foreach_sqrt(t._foreach_abs(xs)),
        *t._foreach_neg(tuple(xs)),
        *t._foreach_zero_(t._foreach_clone(xs)),
    ],
    "of two": lambda t, xs: [
        *t._foreach_add(xs, 2),
        *t._foreach_add(xs, xs, alpha=2),
        *t._foreach_mul(xs, [2.0, 3.0]),
        *t._foreach_mul(xs, t.tensor(2.0)),
        *t._foreach_div(xs, xs[::-1]),
        *t._foreach_pow(t._foreach_abs(xs), 2.5),
        *t._foreach_maximum(xs, 0.5),
        *t._foreach_lerp(xs, xs[::-1], 0.3),
    ],
    "of three": lambda t, xs: [
        *t._foreach_addcmul(xs, xs, xs, 2),
        *t._foreach_addcmul(xs, xs, xs, [2.0, 3.0]),
        *t._foreach_addcdiv(xs, xs, xs[::-1], t.tensor([2.0, 3.0])),
    ],
    "norms": lambda t, xs: [*t._foreach_norm(xs), *t._foreach_norm(xs, 1), *t._foreach_norm(xs, math.inf)],
    "unlike lengths": lambda t, xs: t._foreach_add(xs, xs[:1]),
    "numbers of unlike lengths": lambda t, xs: t._foreach_mul_(xs, [1.0]),
    "nothing": lambda t, xs: t._foreach_neg([]),
    "no list": lambda t, xs: t._foreach_neg(xs[0]),
}


def _stepped(t: Any, xs: Any) -> Any:
    ms = t._foreach_mul(xs, 0.5)
    t._foreach_add_(ms, xs, alpha=0.1)
    t._foreach_sub_(ms, 0.2)
    t._foreach_lerp_(ms, xs, 0.1)
    t._foreach_addcmul_(ms, xs, xs, value=0.3)
    t._foreach_addcdiv_(ms, xs, t._foreach_exp(xs), [0.1, 0.2])
    t._foreach_div_(ms, [2.0, 4.0])
    t._foreach_maximum_(ms, [each * 0 - 1 for each in ms])
    return [*ms, *t._foreach_copy_(xs, ms)]


LOOPS["in place"] = _stepped


@pytest.mark.parametrize("name", LOOPS)
def test_lists_of_tensors(name: str) -> None:
    found = []
    for library in (torch, T):
        try:
            found.append(values_of(LOOPS[name](library, [library.tensor(B), library.tensor(B.T * 2 + 1)])))
        except (RuntimeError, TypeError):
            found.append("refused")
    if "refused" in found:
        assert found[0] == found[1]
    else:
        assert_close(found[1], found[0], family="compat")
