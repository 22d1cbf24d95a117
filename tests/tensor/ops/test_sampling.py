"""Random numbers: their distributions, seeds, errors, marks and versions."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tensor as T

N = 40_000


@pytest.fixture(autouse=True)
def _seed():
    T.manual_seed(0)


def chi_square(counts: np.ndarray, expected: np.ndarray) -> float:
    """In deviations from what is likely: beyond 4 hardly ever."""
    degrees = len(counts) - 1
    return float((((counts - expected) ** 2 / expected).sum() - degrees) / math.sqrt(2 * degrees))


# --- distributions


def test_multinomial_with_replacement():
    weights = T.tensor([[1.0, 0.0, 3.0, 4.0], [5.0, 1.0, 1.0, 0.0]])
    drawn = T.multinomial(weights, N, True).numpy()
    for row, found in zip(weights.numpy(), drawn, strict=True):
        counts = np.bincount(found, minlength=4)
        assert not counts[row == 0].any()
        assert chi_square(counts[row > 0], (row / row.sum() * N)[row > 0]) < 4


def test_multinomial_without_replacement():
    weights = np.array([1.0, 2.0, 3.0, 0.0])
    drawn = T.multinomial(T.tensor(np.tile(weights, (N, 1))), 2).numpy()
    assert (drawn[:, 0] != drawn[:, 1]).all()
    p = weights[:3] / 6
    pairs = {(i, j): p[i] * p[j] / (1 - p[i]) for i in range(3) for j in range(3) if i != j}
    counts = np.array([((drawn == pair).all(1)).sum() for pair in pairs])
    assert chi_square(counts, np.array(list(pairs.values())) * N) < 4


def test_bernoulli():
    drawn = T.bernoulli(T.tensor([0.1, 0.5, 0.9]).expand(N, 3)).numpy()
    np.testing.assert_allclose(drawn.mean(0), [0.1, 0.5, 0.9], atol=0.01)
    assert abs(T.zeros(N).bernoulli_(0.3).mean().item() - 0.3) < 0.01
    assert abs(T.bernoulli(T.zeros(N), 0.3).mean().item() - 0.3) < 0.01
    filled = T.zeros(N, 2, dtype=T.int64).bernoulli_(T.tensor([0.2, 0.8])).double()
    np.testing.assert_allclose(filled.mean(0).numpy(), [0.2, 0.8], atol=0.01)


MOMENTS = {
    "normal_": (lambda t: t.normal_(2, 3), 2, 3),
    "uniform_": (lambda t: t.uniform_(1, 5), 3, 4 / math.sqrt(12)),
    "exponential_": (lambda t: t.exponential_(0.5), 2, 2),
    "log_normal_": (lambda t: t.log_normal_(0, 0.5).log(), 0, 0.5),
    "geometric_": (lambda t: t.geometric_(0.25), 4, math.sqrt(12)),
    "random_": (lambda t: t.random_(3, 8), 5, math.sqrt(2)),
    "random_ of one bound": (lambda t: t.random_(5), 2, math.sqrt(2)),
    "normal": (lambda t: T.normal(T.full_like(t, 2), 3.0), 2, 3),
    "normal of a number": (lambda t: T.normal(2.0, T.full_like(t, 3)), 2, 3),
    "normal of a size": (lambda t: T.normal(2.0, 3.0, t.shape), 2, 3),
    "poisson": (lambda t: T.poisson(T.full_like(t, 4)), 4, 2),
    "binomial": (lambda t: T.binomial(T.full_like(t, 12), T.full_like(t, 0.25)), 3, 1.5),
}


@pytest.mark.parametrize("case", MOMENTS)
@pytest.mark.parametrize("dtype", [T.float32, T.float64])
def test_mean_and_deviation(case, dtype):
    draw, mean, deviation = MOMENTS[case]
    drawn = draw(T.zeros(N, dtype=dtype)).double().numpy()
    assert abs(drawn.mean() - mean) < 5 * deviation / math.sqrt(N)
    assert abs(drawn.std() - deviation) < 0.05 * deviation


def test_cauchy():
    quarters = np.quantile(T.zeros(N).cauchy_(1, 2).numpy(), [0.25, 0.5, 0.75])
    np.testing.assert_allclose(quarters, [-1, 1, 3], atol=0.15)


@pytest.mark.parametrize("dtype", [T.float16, T.bfloat16, T.float32, T.float64])
def test_uniform_numbers_never_reach_their_bound(dtype):
    for drawn in (T.rand(N, dtype=dtype), T.zeros(N, dtype=dtype).uniform_()):
        assert drawn.min().item() >= 0
        assert drawn.max().item() < 1
    drawn = T.zeros(N, dtype=dtype).uniform_(1, 2)
    assert drawn.min().item() >= 1
    assert drawn.max().item() < 2
    assert T.zeros(2).uniform_(3, 3).tolist() == [3, 3]


@pytest.mark.parametrize(
    ("dtype", "above"),
    [(T.uint8, 255), (T.int8, 127), (T.int32, 2**31 - 1), (T.float16, 2**11), (T.float32, 2**24), (T.bool, 1)],
)
def test_random_without_bounds_takes_all_that_a_dtype_holds(dtype, above):
    drawn = T.zeros(N, dtype=dtype).random_().double()
    assert 0.9 * above <= drawn.max().item() <= above
    assert drawn.min().item() >= 0


def test_randperm_has_each_number_once():
    assert sorted(T.randperm(50).tolist()) == list(range(50))
    assert T.randperm(50).tolist() != T.randperm(50).tolist()
    with pytest.raises(T.ArgumentError, match="non-negative"):
        T.randperm(-1)


# --- seeds

DRAWS = {
    "bernoulli": lambda g: T.bernoulli(T.full((50,), 0.5), generator=g),
    "multinomial": lambda g: T.multinomial(T.ones(9), 30, True, generator=g),
    "poisson": lambda g: T.poisson(T.full((50,), 3.0), g),
    "binomial": lambda g: T.binomial(T.full((50,), 3.0), T.full((50,), 0.5), g),
    "normal": lambda g: T.normal(T.zeros(9), 1.0, generator=g),
    "normal of a size": lambda g: T.normal(0.0, 1.0, (9,), generator=g),
    **{
        name: lambda g, name=name: getattr(T.zeros(50), name)(*([0.5] if name == "geometric_" else []), generator=g)
        for name in (
            "normal_", "uniform_", "random_", "bernoulli_", "exponential_", "log_normal_", "cauchy_", "geometric_",
        )
    },
}  # fmt: skip


@pytest.mark.parametrize("name", DRAWS)
def test_a_seed_gives_the_same_numbers_again(name):
    draw = DRAWS[name]
    T.manual_seed(5)
    first, second = draw(None), draw(None)
    T.manual_seed(5)
    assert T.equal(draw(None), first)
    assert not T.equal(first, second)
    assert T.equal(draw(T.Generator().manual_seed(5)), first)
    with pytest.raises(T.DtypeError, match=r"expected a tensor\.Generator"):
        draw(np.random.default_rng(0))


def test_generators_are_cloned_and_forked():
    one = T.Generator().manual_seed(3)
    T.rand(2, generator=one)
    other = one.clone_state()
    assert T.equal(T.rand(3, generator=one), T.rand(3, generator=other))
    T.manual_seed(1)
    with T.random.fork_rng():
        inside = T.rand(3)
    assert T.equal(T.rand(3), inside)
    assert T.manual_seed(-1).initial_seed() == 2**64 - 1
    with pytest.raises(T.ArgumentError, match="64 bits"):
        T.manual_seed(2**64)


# --- errors

X = T.full((2, 3), 0.5)
WHOLE = T.tensor([1, 2])
REFUSED = {
    "multinomial of negative weights": (lambda: T.multinomial(-X, 1), "inf"),
    "multinomial of nothing": (lambda: T.multinomial(T.zeros(3), 1), "sum of probabilities <= 0"),
    "multinomial of too many": (lambda: T.multinomial(X, 4), "without replacement"),
    "multinomial of too few that count": (lambda: T.multinomial(T.tensor([1.0, 0.0]), 2), "not enough"),
    "multinomial of no samples": (lambda: T.multinomial(X, 0), "n_sample <= 0"),
    "multinomial of integers": (lambda: T.multinomial(WHOLE, 1), "floating-point"),
    "multinomial of three dimensions": (lambda: T.multinomial(T.ones(1, 1, 1), 1), "1 or 2 dim"),
    "bernoulli of no probabilities": (lambda: T.bernoulli(X * 3), "p_in >= 0 && p_in <= 1"),
    "bernoulli of integers": (lambda: T.bernoulli(WHOLE), "floats"),
    "bernoulli with no probability": (lambda: T.bernoulli(X, 1.5), r"in \[0, 1\]"),
    "bernoulli_": (lambda: T.zeros(3).bernoulli_(2), r"in \[0, 1\]"),
    "bernoulli_ of more": (lambda: T.zeros(3).bernoulli_(X), "do not broadcast"),
    "poisson": (lambda: T.poisson(-X), "non-negative"),
    "poisson of integers": (lambda: T.poisson(WHOLE), "floats"),
    "binomial": (lambda: T.binomial(X, X * 3), "p_in"),
    "binomial of two dtypes": (lambda: T.binomial(X, X.double()), "both the same"),
    "normal": (lambda: T.normal(X, -X), "std >= 0"),
    "normal of a negative number": (lambda: T.normal(0.0, -1.0, (2,)), "std >= 0"),
    "normal without a size": (lambda: T.normal(0.0, 1.0), "expected a size"),
    "normal_": (lambda: T.zeros(3).normal_(0, -1), "std >= 0"),
    "normal_ of integers": (lambda: T.arange(3).normal_(), "continuous"),
    "uniform_": (lambda: T.zeros(3).uniform_(2, 1), "from=2 > to=1"),
    "uniform_ of integers": (lambda: T.arange(3).uniform_(), "continuous"),
    "random_": (lambda: T.zeros(3).random_(3, 3), "from=3 >= to=3"),
    "random_ of nothing": (lambda: T.zeros(3).random_(0), "from=0 >= to=0"),
    "random_ beyond the dtype": (lambda: T.zeros(3, dtype=T.uint8).random_(300), "out of bounds"),
    "exponential_": (lambda: T.zeros(3).exponential_(0), "lambda > 0"),
    "exponential_ of integers": (lambda: T.arange(3).exponential_(), "continuous"),
    "log_normal_": (lambda: T.zeros(3).log_normal_(0, 0), "std > 0"),
    "cauchy_": (lambda: T.zeros(3).cauchy_(0, 0), "sigma > 0"),
    "geometric_": (lambda: T.zeros(3).geometric_(1), r"in \(0, 1\)"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_distribution_is_refused(case):
    call, said = REFUSED[case]
    with pytest.raises(T.TensorError, match=said):
        call()


# --- marks and versions

FILLS = {
    "normal_": (), "uniform_": (), "random_": (), "bernoulli_": (), "exponential_": (), "log_normal_": (),
    "cauchy_": (), "geometric_": (0.5,),
}  # fmt: skip


@pytest.mark.parametrize("name", FILLS)
def test_fills_obey_the_rules_of_writing(name):
    arguments = FILLS[name]
    outside = T.zeros(3)
    with T.inference_mode():
        inside = T.zeros(3)
        before = outside._version
        assert getattr(outside, name)(*arguments) is outside
        assert outside._version == before + 1
        assert not outside.is_inference()
        getattr(inside, name)(*arguments)
    with pytest.raises(T.InferenceTensorError):
        getattr(inside, name)(*arguments)
    with pytest.raises(T.GradientError, match="leaf"):
        getattr(T.zeros(3, requires_grad=True), name)(*arguments)
    with pytest.raises(T.TensorError):
        getattr(T.zeros(1).expand(3), name)(*arguments)
    with T.no_grad():
        getattr(T.zeros(3, requires_grad=True), name)(*arguments)


@pytest.mark.parametrize("name", FILLS)
def test_a_fill_of_what_a_gradient_needs_is_noticed(name):
    x, y = T.ones(3, requires_grad=True), T.ones(3)
    product = (x * y).sum()
    getattr(y, name)(*FILLS[name])
    with pytest.raises(T.GradientError, match="modified"):
        product.backward()


def test_marked_probabilities_give_marked_samples_and_are_not_written_elsewhere():
    with T.inference_mode():
        p = T.full((3,), 0.5)
    for drawn in (
        T.bernoulli(p),
        T.multinomial(p, 1),
        T.poisson(p),
        T.normal(p, p),
        T.normal(0.0, p),
        T.binomial(p, p),
    ):
        assert drawn.is_inference()
    target = T.zeros(3)
    with pytest.raises(T.InferenceTensorError):
        target.bernoulli_(p)
    with T.inference_mode(), pytest.raises(T.InferenceTensorError):
        target.bernoulli_(p)
    assert not target.any()
