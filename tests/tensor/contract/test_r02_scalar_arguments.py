"""R2 and R4: a marked tensor passed where a number is expected is an operand, or carried along, or refused."""

import contextlib
import inspect

import pytest

import tensor as T
from tensor.nn import functional as F
from tensor.nn import init

X = T.tensor([[0.25, 0.5], [0.75, 1.0]])
NUMBERS = T.tensor([[1, 2], [3, 4]])
CLASSES = T.tensor([0, 1])
B = T.stack([X, X])

# For each function with arguments that are numbers: others that make a valid call; in-place ones get a fresh tensor.
CALLS = {
    "add": {"input": X, "other": X},
    "sub": {"input": X, "other": X},
    "addmm": {"input": X, "mat1": X, "mat2": X},
    "allclose": {"input": X, "other": X},
    "addbmm": {"input": X, "batch1": B, "batch2": B},
    "addbmm_": {"batch1": B, "batch2": B},
    "addmm_": {"mat1": X, "mat2": X},
    "addmv": {"input": X[0], "mat": X, "vec": X[0]},
    "addmv_": {"mat": X, "vec": X[0]},
    "addr": {"input": X, "vec1": X[0], "vec2": X[0]},
    "addr_": {"vec1": X[0], "vec2": X[0]},
    "baddbmm": {"input": B, "batch1": B, "batch2": B},
    "baddbmm_": {"batch1": B, "batch2": B},
    "bincount": {"input": CLASSES},
    "bucketize": {"input": X, "boundaries": X[0]},
    "cdist": {"x1": X, "x2": X},
    "cov": {"input": X},
    "cumulative_trapezoid": {"y": X},
    "dist": {"input": X, "other": X},
    "histc": {"input": X},
    "kthvalue": {"input": X, "k": 1},
    "multinomial": {"input": X, "num_samples": 1},
    "nanquantile": {"input": X, "q": 0.5},
    "quantile": {"input": X, "q": 0.5},
    "renorm": {"input": X, "p": 2, "dim": 0, "maxnorm": 1.0},
    "renorm_": {"p": 2, "dim": 0, "maxnorm": 1.0},
    "searchsorted": {"sorted_sequence": X[0], "input": X},
    "std_mean": {"input": X},
    "trapezoid": {"y": X},
    "var_mean": {"input": X},
    "alpha_dropout": {"input": X},
    "feature_alpha_dropout": {"input": X},
    "dropout1d": {"input": X},
    "dropout2d": {"input": B},
    "dropout3d": {"input": B.unsqueeze(0)},
    "cosine_embedding_loss": {"input1": X, "input2": X, "target": CLASSES},
    "cosine_similarity": {"x1": X, "x2": X},
    "embedding": {"input": CLASSES, "weight": X},
    "embedding_bag": {"input": NUMBERS * 0, "weight": X},
    "gaussian_nll_loss": {"input": X, "target": X, "var": X},
    "hinge_embedding_loss": {"input": X, "target": X},
    "huber_loss": {"input": X, "target": X},
    "alpha_dropout_": {},
    "bernoulli": {"input": X},
    "ctc_loss": {"log_probs": X, "targets": CLASSES[:1], "input_lengths": [1, 1], "target_lengths": [1, 0]},
    "dropout_": {},
    "feature_alpha_dropout_": {},
    "feature_dropout": {"input": X},
    "feature_dropout_": {},
    "linear_cross_entropy": {"input": X, "linear_weight": X, "target": CLASSES},
    "multi_head_attention_forward": {
        "query": X,
        "key": X,
        "value": X,
        "embed_dim_to_check": 2,
        "num_heads": 1,
        "in_proj_weight": T.ones(6, 2),
        "in_proj_bias": None,
        "bias_k": None,
        "bias_v": None,
        "add_zero_attn": False,
        "dropout_p": 0.0,
        "out_proj_weight": X,
        "out_proj_bias": None,
    },
    "margin_ranking_loss": {"input1": X, "input2": X, "target": X},
    "multi_margin_loss": {"input": X, "target": CLASSES},
    "normalize": {"input": X},
    "pairwise_distance": {"x1": X, "x2": X},
    "pdist": {"input": X},
    "poisson_nll_loss": {"input": X, "target": X},
    "scaled_dot_product_attention": {"query": X, "key": X, "value": X},
    "smooth_l1_loss": {"input": X, "target": X},
    "triplet_margin_loss": {"anchor": X, "positive": X, "negative": X},
    "triplet_margin_with_distance_loss": {"anchor": X, "positive": X, "negative": X},
    "cauchy_": {},
    "exponential_": {},
    "geometric_": {"p": 0.5},
    "log_normal_": {},
    "set_printoptions": {},
    "isclose": {"input": X, "other": X},
    "arange": {"start": 0.0, "end": 4.0},
    "linspace": {"start": 0.0, "end": 4.0, "steps": 3},
    "normal": {"mean": 0.0, "std": 1.0, "size": (3,)},
    "full": {"size": (2,), "fill_value": 1.0},
    "full_like": {"input": X, "fill_value": 1.0},
    "new_full": {"input": X, "size": (2,), "fill_value": 1.0},
    "clamp": {"input": X},
    "masked_fill": {"input": X, "mask": X > 0.3, "value": 1.0},
    "scatter": {"input": X, "dim": 0, "index": NUMBERS * 0, "src": 1.0},
    "where": {"condition": X > 0.3, "input": X, "other": X},
    "norm": {"input": X},
    "round": {"input": X},
    "randint": {"low": 0, "high": 5, "size": (2,)},
    "var": {"input": X},
    "std": {"input": X},
    "topk": {"input": X, "k": 1},
    "dropout": {"input": X},
    "layer_norm": {"input": X, "normalized_shape": (2,)},
    "cross_entropy": {"input": X, "target": CLASSES},
    "nll_loss": {"input": X, "target": CLASSES},
    "calculate_gain": {"nonlinearity": "leaky_relu"},
    "dirac_": {},
    "orthogonal_": {},
    "sparse_": {"sparsity": 0.5},
    "trunc_normal_": {},
    "kaiming_normal_": {},
    "kaiming_uniform_": {},
    "xavier_normal_": {},
    "xavier_uniform_": {},
    "constant_": {"val": 1.0},
    "init.normal_": {},
    "init.uniform_": {},
    "normal_": {},
    "uniform_": {},
    "random_": {"to": 5},
    "bernoulli_": {},
    "fill_": {"value": 1.0},
    "masked_fill_": {"mask": X > 0.3, "value": 1.0},
    "scatter_": {"dim": 0, "index": NUMBERS * 0, "src": 1.0},
    "clamp_": {"min": 0.5},
    "add_": {"other": X},
    "sub_": {"other": X},
}
# Of two operands, input and other.
CALLS |= {
    name: {"input": NUMBERS, "other": NUMBERS}
    for name in (
        *("mul", "div", "floor_divide", "remainder", "bitwise_and", "bitwise_or", "bitwise_xor"),
        *("eq", "ne", "ge", "gt", "le", "lt"),
    )
}
CALLS["pow"] = {"input": X, "exponent": 2.0}

SERIES, IMAGE, VOLUME = T.ones(1, 2, 4), T.ones(1, 2, 4, 4), T.ones(1, 2, 4, 4, 4)
for _dims, _input in enumerate((SERIES, IMAGE, VOLUME), start=1):
    _weight = T.ones(2, 2, *[1] * _dims)
    CALLS |= {name.format(_dims): {"input": _input, "weight": _weight} for name in ("conv{}d", "conv_transpose{}d")}
    CALLS[f"avg_pool{_dims}d"] = {"input": _input, "kernel_size": 2}
    CALLS[f"lp_pool{_dims}d"] = {"input": _input, "norm_type": 2.0, "kernel_size": 2}
_STATISTICS = {"running_mean": T.zeros(2), "running_var": T.ones(2), "weight": None, "bias": None}
CALLS |= {
    "batch_norm": {"input": SERIES, **_STATISTICS, "training": True, "momentum": 0.1, "eps": 1e-5},
    "instance_norm": {"input": SERIES, **_STATISTICS, "use_input_stats": True, "momentum": 0.1, "eps": 1e-5},
    "group_norm": {"input": SERIES, "num_groups": 1},
    "rms_norm": {"input": X, "normalized_shape": (2,)},
    "local_response_norm": {"input": SERIES, "size": 2},
    "interpolate": {"input": SERIES},
    **{name: {"input": SERIES} for name in ("upsample", "upsample_nearest")},
    "upsample_bilinear": {"input": IMAGE},
}

CALLS |= {
    "as_strided": {"input": X, "size": (2,), "stride": (1,)},
    "combinations": {"input": X[0]},
    "index_add": {"input": X, "dim": 0, "index": CLASSES, "source": X},
    "index_add_": {"dim": 0, "index": CLASSES, "source": X},
    "fill": {"input": X, "value": 1.0},
    "fill_diagonal_": {"fill_value": 1.0},
    "slice_scatter": {"input": X, "src": X},
    "select_scatter": {"input": X, "src": X[0], "dim": 0, "index": 0},
    "index_fill": {"input": X, "dim": 0, "index": CLASSES, "value": 1.0},
    "index_fill_": {"dim": 0, "index": CLASSES, "value": 1.0},
    "logspace": {"start": 0.0, "end": 1.0, "steps": 3},
    "pad": {"input": X, "pad": (1, 1)},
    "randint_like": {"input": X, "low": 1, "high": 5},
    "range": {"start": 0.0, "end": 4.0},
    "rot90": {"input": X},
    "tensor_split": {"input": X},
    "unfold": {"input": X, "dimension": 0, "size": 1, "step": 1},
    **{name: {"input": IMAGE} for name in ("dsplit", "hsplit", "vsplit")},
    "isin": {"elements": X, "test_elements": X},
    "pinverse": {"input": X},
    "scalar_tensor": {"s": 1.0},
    "stft": {"input": T.ones(32), "n_fft": 4, "return_complex": True},
    "istft": {"input": T.stft(T.ones(32), 4, return_complex=True), "n_fft": 4},
    **{f"{name}_window": {"window_length": 4} for name in ("bartlett", "blackman", "hamming", "hann", "kaiser")},
    # Settings, which are no tensors: they refuse one.
    **{name: {} for name in ("set_deterministic_debug_mode", "set_num_interop_threads", "set_num_threads")},
    "channel_shuffle": {"input": IMAGE},
    "pixel_shuffle": {"input": T.ones(1, 4, 2, 2)},
    "pixel_unshuffle": {"input": IMAGE},
    **{name: {"row": 2, "col": 2} for name in ("tril_indices", "triu_indices")},
}

# Elementwise functions, and activations.
_OF_ONE = (
    *("celu", "elu", "hardshrink", "hardtanh", "leaky_relu", "logit", "nan_to_num", "rrelu", "softplus", "softshrink"),
    *("clamp_max", "clamp_min"),
)
CALLS |= {name: {"input": X} for name in _OF_ONE}
CALLS |= {f"{name}_": {} for name in (*_OF_ONE, "round", "float_power")}
CALLS |= {
    "addcdiv": {"input": X, "tensor1": X, "tensor2": X},
    "addcdiv_": {"tensor1": X, "tensor2": X},
    "addcmul": {"input": X, "tensor1": X, "tensor2": X},
    "addcmul_": {"tensor1": X, "tensor2": X},
    "div_": {"other": X},
    "float_power": {"input": X, "exponent": 2.0},
    "gumbel_softmax": {"logits": X},
    "lerp": {"input": X, "end": X, "weight": 0.5},
    "rsub": {"input": X, "other": X},
    "threshold": {"input": X, "threshold": 0.5, "value": 0.5},
    "threshold_": {"threshold": 0.5, "value": 0.5},
}

# Places, sizes and counts: integers that Python asks any object for. They choose what is computed, not with what.
PLACES = {
    *("dim", "dim0", "dim1", "dim2", "start_dim", "end_dim", "diagonal", "index", "start", "length", "count", "offset"),
    *("chunks", "split_size_or_sections", "n", "m", "steps", "num_classes", "padding_idx", "seed", "repeats"),
    *("output_size", "sections", "split_size", "ndim", "stacklevel", "_stacklevel"),
}
# They name no data: a dtype comes out.
ABOUT_DTYPES = {"result_type"}


def _functions():
    sources = [
        ("", T, T.__all__),
        ("", F, F.__all__),
        ("init.", init, [name for name in vars(init) if not name.startswith("_")]),
        ("", T.Tensor, [name for name in dir(T.Tensor) if not name.startswith("_")]),
    ]
    known = set()
    for prefix, owner, names in sources:
        for name in sorted(names):
            function = getattr(owner, name)
            if inspect.isfunction(function) and function not in known and function.__qualname__ != "Tensor.where":
                known.add(function)
                yield (f"{prefix}{name}" if f"{prefix}{name}" in CALLS else name), function


def _scalars(function):
    for parameter in inspect.signature(function).parameters.values():
        kinds = {part.strip().rpartition(".")[2] for part in str(parameter.annotation).split("|")}
        if kinds & {"float", "int", "Scalar"} and not (
            parameter.name in PLACES and function.__name__ not in ("arange", "linspace")
        ):
            yield parameter.name


CASES = [
    (name, function, parameter)
    for name, function in _functions()
    if name not in ABOUT_DTYPES and name.partition("_like")[0] not in ("rand", "randn")
    for parameter in _scalars(function)
    if parameter != "steps"
]


@pytest.mark.parametrize(("name", "function", "parameter"), CASES, ids=[f"{case[0]}-{case[2]}" for case in CASES])
@pytest.mark.parametrize("value", [0.5, 1.0, 1], ids=repr)
def test_the_mark_is_seen_or_the_tensor_refused(name, function, parameter, value):
    assert name in CALLS, f"say how to call {name}, whose {parameter} may be a number"
    with T.inference_mode():
        marked = T.tensor(value)
    arguments = {**CALLS[name], parameter: marked}
    target = T.full((2, 2), 7.0)
    first = next(iter(inspect.signature(function).parameters))
    if name.endswith("_") and first not in arguments:
        arguments[first] = target
    try:
        result = function(**arguments)
    except T.TensorError:
        pass
    else:
        assert isinstance(result, T.Tensor), f"{name} let a marked {parameter} in"
        assert result.is_inference()
    assert target.tolist() == [[7, 7], [7, 7]]


def test_unmarked_tensors_are_taken_as_numbers():
    half = T.tensor(0.5)
    weight = T.nn.Parameter(T.zeros(2, 2))
    init.constant_(weight, half)
    assert weight.tolist() == [[0.5, 0.5]] * 2
    init.uniform_(weight, -half, half)
    T.zeros(3).normal_(half, half)
    T.zeros(2, 2).bernoulli_(X)
    assert T.arange(T.tensor(3)).tolist() == [0, 1, 2]
    assert T.arange(T.tensor(3)).dtype is T.int64
    assert T.linspace(half, 1, 2).tolist() == [0.5, 1]
    assert T.full_like(X, half).tolist() == [[0.5, 0.5]] * 2
    with pytest.raises(T.ShapeError):
        T.zeros(3).normal_(X)


def test_marked_ones_fill_marked_memory_inside():
    with T.inference_mode():
        half = T.tensor(0.5)
        filled = T.zeros(2).uniform_(half, half)
        assert T.nn.init.constant_(T.zeros(2), half).tolist() == [0.5, 0.5]
    assert filled.tolist() == [0.5, 0.5]


def test_training_memory_takes_none_inside():
    weight = T.zeros(3, requires_grad=True)
    with T.inference_mode():
        half = T.tensor(0.5)
        for fill in (weight.normal_, weight.uniform_, lambda value: init.constant_(weight, value), weight.bernoulli_):
            with pytest.raises(T.InferenceTensorError):
                fill(half)
    assert weight.tolist() == [0, 0, 0]


COUNTS = {
    "chunk": lambda n: X.chunk(n)[0],
    "combinations": lambda n: T.combinations(X[0], n),
    "diagonal": lambda n: X.diagonal(n),
    "interpolate": lambda n: F.interpolate(SERIES, n),
    "kthvalue": lambda n: X.kthvalue(n).values,
    "multinomial": lambda n: X.multinomial(n),
    "narrow": lambda n: X.narrow(0, n, 1),
    "narrow to": lambda n: X.narrow(0, 0, n),
    "one_hot": lambda n: F.one_hot(CLASSES * 0, n),
    "pixel_shuffle": lambda n: F.pixel_shuffle(IMAGE, n),
    "rot90": lambda n: T.rot90(X, n),
    "select": lambda n: X.select(0, n),
    "split": lambda n: X.split(n)[0],
    "tensor_split": lambda n: X.tensor_split(n)[0],
    "topk": lambda n: X.topk(n).values,
    "tril": lambda n: X.tril(n),
    "unfold": lambda n: X.unfold(0, n, 1),
}


@pytest.mark.parametrize("name", COUNTS)
def test_counts_of_unmarked_integers_only(name):
    call = COUNTS[name]
    assert call(T.tensor(1)).shape == call(1).shape
    with T.inference_mode():
        marked = T.tensor(1)
        assert call(marked).is_inference()
    with pytest.raises(T.DtypeError, match=r"item\(\)"):
        call(marked)
    with pytest.raises(T.DtypeError):
        call(T.tensor(1.0))


SCALARS_FIRST = {
    "add": lambda n: X.add(n, X),
    "add_": lambda n: X.clone().add_(n, X),
    "addcmul": lambda n: X.addcmul(n, X, X),
    "addmm": lambda n: T.addmm(n, X, n, X, X),
    "addmm of a method": lambda n: X.addmm(n, X, X),
    "foreach add": lambda n: T._foreach_add([X], n)[0],
    "foreach addcmul": lambda n: T._foreach_addcmul([X], [X], [X], n.reshape(1))[0],
}


@pytest.mark.parametrize("name", SCALARS_FIRST)
@pytest.mark.filterwarnings("ignore:This overload of")
def test_the_mark_of_a_scalar_before_the_tensors(name):
    with T.inference_mode():
        marked = T.tensor(2.0)
    with contextlib.suppress(T.TensorError):
        assert SCALARS_FIRST[name](marked).is_inference()
    assert X.tolist() == [[0.25, 0.5], [0.75, 1.0]]
