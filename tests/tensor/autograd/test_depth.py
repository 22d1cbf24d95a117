"""Deep graphs, of 100,000 operations: recording them, going through them, and dropping them."""

import sys

import pytest

import tensor as T

DEPTH = 100_000
LESS = 20_000  # still twenty times as deep as Python lets functions call each other


def grown(start, step, depth=DEPTH):
    """What `step` makes of a tensor, over and over."""
    each = start
    for _ in range(depth):
        each = step(each)
    return each


@pytest.fixture(autouse=True)
def limit():
    """Python's limit on recursion as it is by default, whatever ran before."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1000)
    yield
    sys.setrecursionlimit(before)


@pytest.mark.parametrize(
    ("step", "depth"),
    [
        (lambda each: each * 1.0, DEPTH),
        (lambda each: each + 0, LESS),
        (lambda each: each.mul_(1.0), LESS),
        (lambda each: each.view(1), LESS),
        (lambda each: (each.view(1).mul_(1.0), each)[1], LESS),
    ],
    ids=["multiplied", "shifted", "in place", "views", "views written to"],
)
def test_depth_does_not_matter(step, depth):
    leaf = T.ones(1, requires_grad=True)
    result = grown(leaf * 1, step, depth)
    result.backward()
    assert leaf.grad.tolist() == [1]
    del result  # while the nodes are still there


def test_dropping_what_was_never_gone_through():
    result = grown(T.ones(1, requires_grad=True), lambda each: each * 1.0)
    del result


def test_views_without_a_gradient():
    assert grown(T.ones(1), lambda each: each.view(1)).tolist() == [1]


def test_two_paths_all_the_way():
    leaf = T.ones(1, requires_grad=True)
    a, b = leaf * 1, leaf * 1
    for _ in range(LESS):
        a, b = b + a * 0, a + b * 0
    (a + b).backward()
    assert leaf.grad.tolist() == [2]
