"""R7: a view of an unmarked tensor taken inside is marked; writes through it obey its storage."""

import numpy as np
import pytest

import tensor as T

VIEWS = {
    "getitem": lambda t: t[0],
    "view": lambda t: t.view(-1),
    "T": lambda t: t.T,
    "detach": lambda t: t.detach(),
    "narrow": lambda t: t.narrow(1, 0, 1),
    "expand": lambda t: t[None].expand(2, 2, 2),
    "unbind": lambda t: t.unbind()[1],
    "diagonal": lambda t: t.diagonal(),
}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
@pytest.mark.parametrize("requires_grad", [False, True])
def test_is_marked_and_shares_memory(view, requires_grad):
    base = T.ones(2, 2, requires_grad=requires_grad)
    with T.inference_mode():
        taken = view(base)
    assert taken.is_inference()
    assert not taken.requires_grad
    assert not base.is_inference()
    assert base.requires_grad is requires_grad
    assert np.shares_memory(taken.detach().numpy(), base.detach().numpy())


def test_unmarked_data_may_be_written_through_it_inside():
    base = T.ones(2, 2)
    x = T.full((2,), 3.0)
    with T.inference_mode():
        taken = base[0]
        taken.add_(x)
        taken.mul_(taken)
        taken *= 2
    assert base.tolist() == [[32, 32], [1, 1]]
    assert base._version == 3
    assert not base.is_inference()


def test_marked_data_may_not():
    base = T.ones(2, 2)
    with T.inference_mode():
        taken = base[0]
        for source in (T.ones(2), base[1]):
            with pytest.raises(T.InferenceTensorError, match="cannot be written"):
                taken.add_(source)
            with pytest.raises(T.InferenceTensorError, match="cannot be written"):
                taken[0] = source[0]
    assert base.tolist() == [[1, 1], [1, 1]]


def test_not_outside():
    base = T.ones(2, 2)
    with T.inference_mode():
        taken = base[0]
    with pytest.raises(T.InferenceTensorError, match="outside inference_mode"):
        taken.add_(1)


def test_a_view_of_marked_storage_may_be_written_with_marked_data():
    with T.inference_mode():
        base = T.ones(2, 2)
        base[0].add_(T.ones(2))
        base.view(-1)[3:].copy_(base[0, 0])
    assert base.tolist() == [[2, 2], [1, 2]]
