"""What model files call on the way: what it means here, and what is refused. The oracle has the numbers."""

import pickle
import subprocess
import sys
import warnings

import pytest

import tensor as T
from tensor import nn


def test_import_loads_only_what_is_needed():
    code = (
        "import sys, tensor; lazy = ('distributions', 'cuda', 'jit', 'utils', 'backends', 'hub');"
        "print([m for m in lazy if f'tensor.{m}' in sys.modules]);"
        "tensor.cuda.is_available(); print('tensor.cuda' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout.split("\n")[:2] == ["[]", "True"]


def test_what_is_not_there_is_an_attribute_error_that_says_where_to_look():
    assert not hasattr(T, "sparse_coo_tensor")
    with pytest.raises(AttributeError, match=r"docs/pytorch\.md"):
        T.sparse_coo_tensor
    with pytest.raises(AttributeError):
        T.cuda.nothing
    with pytest.raises(AttributeError):
        T.distributed.nothing


def test_mixed_precision_is_off_or_refused():
    for make in (lambda: T.autocast("cpu"), lambda: T.autocast(device_type="cpu", dtype=T.bfloat16)):
        with pytest.raises(T.UnsupportedError, match="enabled=False"):
            make()
    with pytest.raises(T.UnsupportedError, match="enabled=False"):
        T.amp.GradScaler("cpu")
    with pytest.warns(UserWarning, match="Disabling"):
        block = T.autocast("cuda")
    with block:
        assert (T.ones(2, 2) @ T.ones(2, 2)).dtype is T.float32
        assert not T.is_autocast_enabled()
    with pytest.warns(UserWarning, match="Disabling"):
        scaler = T.cuda.amp.GradScaler()
    model = nn.Linear(1, 1)
    optimizer = T.optim.SGD(model.parameters(), lr=0.1)
    scaler.scale(model(T.ones(1, 1)).sum()).backward()
    before = model.weight.item()
    scaler.unscale_(optimizer)
    scaler.step(optimizer)
    scaler.update()
    assert model.weight.item() == pytest.approx(before - 0.1)
    assert scaler.state_dict() == {}


def test_custom_functions_may_say_how_they_cast():
    class Double(T.autograd.Function):
        @staticmethod
        @T.amp.custom_fwd(device_type="cuda", cast_inputs=T.float16)
        def forward(ctx, x):
            return x * 2

        @staticmethod
        @T.cuda.amp.custom_bwd
        def backward(ctx, g):
            return g * 2

    x = T.ones(2, requires_grad=True)
    Double.apply(x).sum().backward()
    assert x.grad.tolist() == [2, 2]


def test_what_compiles_returns_its_argument():
    model = nn.Linear(2, 2)
    assert T.compile(model, mode="reduce-overhead") is model
    assert T.compile(fullgraph=True)(model) is model
    assert T.jit.script(model) is T.jit.trace(model, T.ones(1, 2)) is T.jit.freeze(model) is model

    @T.jit.script
    def double(x: T.Tensor) -> T.Tensor:
        return x * 2

    class Net(T.jit.ScriptModule):
        __constants__ = ("size",)

        @T.jit._overload_method
        def forward(self, x): ...

        @T.jit.ignore
        def first(self, x):
            return x

        @T.jit.unused
        @T.jit.export
        def second(self, x):
            return x

        @T.jit.ignore(drop=True)
        def third(self, x):
            return x

        @T.jit.script_method
        def forward(self, x):  # noqa: F811 - that is what an overload is for
            return double(self.third(self.second(self.first(x))))

    assert Net()(T.ones(1)).item() == 2
    assert T.jit.isinstance([1, 2], list[int])
    assert not T.jit.isinstance({"a": "b"}, dict[str, int])
    assert T.jit.isinstance((1, None), tuple[int, int | None])


def test_devices_can_be_named():
    device = T.device("cuda", 1)
    assert pickle.loads(pickle.dumps(device)) == device == T.device("cuda:1") != T.device("cuda")
    assert {T.device("cpu"): 1}[T.ones(1).device] == 1
    with pytest.raises(AttributeError):
        device.index = 2
    with T.device("cpu"):
        assert T.ones(1).device.type == "cpu"
    with pytest.raises(T.UnsupportedError), T.device("meta"):
        pass
    with pytest.raises(T.UnsupportedError):
        T.set_default_device("cuda")


def test_a_tensor_becomes_a_view_in_place_while_nobody_views_it():
    x = T.ones(2, 1)
    assert x.squeeze_(1) is x
    assert x.shape == (2,)
    assert x.unsqueeze_(0).t_().shape == (2, 1)
    row = x[0]
    with pytest.raises(T.UnsupportedError, match="viewed"):
        x.squeeze_()
    assert row.unsqueeze_(0).shape == (1, 1)  # a view itself: its base keeps its shape
    row.fill_(7)
    assert x.tolist() == [[7], [1]]


def test_views_in_place_and_gradients():
    leaf = T.ones(1, 2, requires_grad=True)
    with pytest.raises(T.GradientError, match="leaf"):
        leaf.squeeze_(0)
    made = leaf * 2
    with T.no_grad(), pytest.raises(T.GradientError, match="without gradients"):
        made.squeeze_(0)
    made.squeeze_(0)
    (made * T.tensor([1.0, 2.0])).sum().backward()
    assert leaf.grad.tolist() == [[2, 4]]


def test_views_in_place_and_inference_mode():
    with T.inference_mode():
        marked = T.ones(1, 2)
        assert marked.squeeze_(0).shape == (2,)
        assert marked.is_inference()
    with pytest.raises(T.InferenceTensorError):
        marked.unsqueeze_(0)


def test_the_mark_goes_through_complex_numbers():
    with T.inference_mode():
        pairs = T.ones(3, 2)
    made = T.view_as_complex(pairs) * 2
    assert made.is_inference()
    assert T.view_as_real(made).is_inference()
    assert T.fft.irfft(T.fft.rfft(pairs)).is_inference()


def test_complex_numbers_are_refused_where_they_are_not_known():
    numbers = T.polar(T.ones(2), T.ones(2))
    for use in (
        lambda: T.softmax(numbers, 0),
        lambda: T.cat([numbers, numbers]),
        lambda: nn.functional.relu(numbers),
        lambda: numbers.to(T.float32),
        lambda: T.ones(2).add_(numbers),
        lambda: T.zeros(2, dtype=T.complex64),
        lambda: T.maximum(T.ones(2), numbers),
    ):
        with pytest.raises(T.TensorError):
            use()


def test_a_module_may_hold_complex_numbers():
    class Rotary(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("turn", T.polar(T.ones(2), T.ones(2)), persistent=False)

    model = Rotary().double().to("cpu")
    assert model.turn.dtype is T.complex64
    assert not model.state_dict()
    with pytest.raises(TypeError, match="buffer"):
        model.register_buffer("other", model.turn)


def test_python_functions_of_elements_keep_the_contract():
    with T.inference_mode():
        marked = T.ones(2)
    with pytest.raises(T.InferenceTensorError):
        T.zeros(2).map_(marked, lambda x, y: y)
    with pytest.raises(T.InferenceTensorError):
        marked.apply_(lambda x: x)
    with pytest.raises(T.DtypeError):
        T.ones(2, requires_grad=True).apply_(lambda x: x)


def test_settings_are_remembered():
    for get, set_, value in (
        (T.get_num_threads, T.set_num_threads, 3),
        (T.get_num_interop_threads, T.set_num_interop_threads, 2),
        (T.get_float32_matmul_precision, T.set_float32_matmul_precision, "medium"),
        (T.get_deterministic_debug_mode, T.set_deterministic_debug_mode, 1),
    ):
        before = get()
        set_(value)
        assert get() == value
        set_(before)
    for wrong in (0, -1, True, 1.5):
        with pytest.raises(T.ArgumentError):
            T.set_num_threads(wrong)


def test_backends_have_switches():
    cudnn = T.backends.cudnn
    cudnn.benchmark = True
    assert T.backends.cudnn.benchmark
    cudnn.benchmark = False
    with T.backends.cuda.sdp_kernel(enable_flash=False), cudnn.flags(enabled=False):
        assert not T.backends.cuda.flash_sdp_enabled()
    assert T.backends.cuda.flash_sdp_enabled()


def test_versions_compare_by_their_numbers():
    version = T.version.TorchVersion("2.10.1+cpu")
    assert version > "2.9"
    assert version >= (2, 10)
    assert version != "2.10"
    assert T.version.TorchVersion("2.10.0") == "2.10"
    assert isinstance(version, str)


def test_memory_formats_are_asked_for_and_told():
    image = T.ones(1, 2, 3, 3)
    assert not image.contiguous(memory_format=T.channels_last).is_contiguous(memory_format=T.channels_last)
    assert image.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2).is_contiguous(memory_format=T.channels_last)
    assert pickle.loads(pickle.dumps(T.channels_last)) is T.channels_last
    with pytest.raises(T.UnsupportedError, match="dense"):
        T.zeros(2, layout=T.sparse_coo)
    with pytest.raises(T.DtypeError, match="channels_last"):
        T.ones(2).clone(memory_format="channels_last")
    with pytest.raises(TypeError, match="colour"):
        T.zeros(2, colour="red")


def test_old_constructors_keep_the_mark():
    with T.inference_mode():
        marked = T.ones(2)
    assert T.FloatTensor(marked).is_inference()
    assert T.FloatTensor([marked, marked]).is_inference()
    assert T.ones(1).new(marked).is_inference()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert T.autograd.Variable(marked).is_inference()


def test_several_devices_are_one_or_refused():
    inner = nn.Linear(2, 2)
    model = nn.DataParallel(inner)
    assert list(model.state_dict()) == ["module.weight", "module.bias"]
    assert model(T.ones(1, 2)).tolist() == inner(T.ones(1, 2)).tolist()
    with pytest.raises(T.UnsupportedError, match="TrainingPool"):
        nn.parallel.DistributedDataParallel(inner)


def test_there_is_no_accelerator():
    for module in (T.cuda, T.xpu, T.mps, T.accelerator):
        assert module.device_count() == 0
        module.empty_cache()
        module.synchronize()
    assert not T.xpu.is_available()
    assert not T.accelerator.is_available()
    assert T.accelerator.current_accelerator() is None
    assert not T.cuda.is_current_stream_capturing()
    with pytest.raises(MemoryError):
        raise T.cuda.OutOfMemoryError


def test_modules_of_the_compiler_have_settings():
    T._dynamo.config.suppress_errors = True
    T._inductor.config.coordinate_descent_tuning = True
    assert T._dynamo.config.suppress_errors
    assert not T._dynamo.is_compiling()
    assert T._dynamo.disable(len) is len


def test_what_is_refused_when_it_is_called_can_be_imported():
    for call in (
        lambda: T.vmap(len),
        lambda: T.library.custom_op("mine::op", mutates_args=()),
        lambda: T.export.export(nn.Linear(1, 1), ()),
        lambda: T.distributed.all_reduce(T.ones(1), op=T.distributed.ReduceOp.SUM),
        lambda: T.fx.symbolic_trace(nn.Linear(1, 1)),
        lambda: T.overrides.handle_torch_function(len, ()),
        lambda: T.cuda.set_rng_state_all([1]),
    ):
        with pytest.raises(T.UnsupportedError):
            call()


def test_conditions_are_checked():
    T._check(True)
    T._assert_async(T.ones(1))
    with pytest.raises(RuntimeError, match="not so"):
        T._check(False, lambda: "not so")
    with pytest.raises(AssertionError, match="nonzero"):
        T._assert_async(T.zeros(1))


def test_what_several_processes_would_do():
    assert not T.distributed.is_nccl_available()
    assert T.multiprocessing.get_context("spawn").Process
    T.multiprocessing.set_sharing_strategy("file_system")
    with pytest.raises(T.ArgumentError, match="strategy"):
        T.multiprocessing.set_sharing_strategy("magic")
    assert T.multiprocessing.spawn(print, nprocs=0) is None


def test_writes_to_data_are_not_noticed_but_those_to_detached_are():
    x = T.ones(2, requires_grad=True)
    y = x.exp()
    y.data[0] = 5.0
    y.sum().backward()
    assert x.grad.tolist() == pytest.approx([5.0, 2.718281828])  # of what was written, as in PyTorch
    z = x.exp()
    z.detach()[0] = 5.0
    with pytest.raises(T.GradientError, match="modified by an inplace operation"):
        z.sum().backward()
