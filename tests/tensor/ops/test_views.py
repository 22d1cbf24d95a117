"""What is a view: it shares memory, storage and version with what it views, and writes go through, gradients too."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tensor as T
from tensor.bases import storage_of

VIEWS = {
    "view": lambda x: x.view(3, 4),
    "view as a dtype": lambda x: x.view(T.int32),
    "view as a narrower dtype": lambda x: x.view(T.int16),
    "reshape": lambda x: x.reshape(-1),
    "flatten": lambda x: x.flatten(),
    "unflatten": lambda x: x.unflatten(1, (2, 3)),
    "ravel": lambda x: x.ravel(),
    "squeeze": lambda x: x[None].squeeze(0),
    "unsqueeze": lambda x: x.unsqueeze(1),
    "expand": lambda x: x.expand(1, 2, 6),
    "expand to more": lambda x: x.expand(2, 2, 6),
    "atleast": lambda x: T.atleast_3d(x),
    "permute": lambda x: x.permute(1, 0),
    "transpose": lambda x: x.transpose(0, 1),
    "t": lambda x: x.t(),
    "T": lambda x: x.T,
    "mT": lambda x: x.mT,
    "H": lambda x: x.H,
    "adjoint": lambda x: x.adjoint(),
    "movedim": lambda x: x.movedim(0, 1),
    "diagonal": lambda x: x.diagonal(),
    "narrow": lambda x: x.narrow(1, 0, 2),
    "select": lambda x: x.select(0, 0),
    "split": lambda x: x.split(2, 1)[0],
    "tensor_split": lambda x: x.tensor_split(4, 1)[0],
    "hsplit": lambda x: x.hsplit(2)[0],
    "chunk": lambda x: x.chunk(2, 1)[0],
    "unbind": lambda x: x.unbind()[0],
    "unfold": lambda x: x.unfold(1, 2, 2),
    "as_strided": lambda x: x.as_strided((2, 2), (6, 2)),
    "integer": lambda x: x[0],
    "slice": lambda x: x[:, ::2],
    "new dimension": lambda x: x[None, ..., None],
    "0-d index tensor": lambda x: x[T.tensor(0)],
    "numpy integer": lambda x: x[np.int64(0)],
    "iteration": lambda x: next(iter(x)),
    "detach": lambda x: x.detach(),
}

COPIES = {
    "clone": lambda x: x.clone(),
    "reshape of what has gaps": lambda x: x.t().reshape(-1),
    "narrow_copy": lambda x: x.narrow_copy(1, 0, 2),
    "flip": lambda x: x.flip(0),
    "rot90": lambda x: T.rot90(x, 0),
    "roll": lambda x: x.roll(0),
    "diag": lambda x: x.diag(),
    "repeat": lambda x: x.repeat(1, 1),
    "cat": lambda x: T.cat([x]),
    "list": lambda x: x[[0]],
    "index tensor": lambda x: x[T.tensor([0])],
    "mask": lambda x: x[x == x],
    "True": lambda x: x[True],
    "contiguous of a transpose": lambda x: x.t().contiguous(),
    "index_select": lambda x: x.index_select(0, T.tensor([0, 1])),
    "pad": lambda x: T.nn.functional.pad(x, (0, 0)),
    "mirror pad": lambda x: T.nn.functional.pad(x, (0, 0), "reflect"),
    "tril": lambda x: x.tril(9),
}


def twelve(**options: Any) -> T.Tensor:
    return T.arange(12.0, **options).reshape(2, 6) * 1


@pytest.mark.parametrize("take", VIEWS.values(), ids=VIEWS)
def test_views_share_memory_storage_and_version(take):
    base = twelve()
    view = take(base)
    assert np.shares_memory(view._data, base._data)
    assert storage_of(view) is storage_of(base)
    before = view._version
    base[0, 0] = 50
    assert view._version == base._version == before + 1
    assert np.all(view._data.reshape(-1)[:1] == base._data.view(view._data.dtype).reshape(-1)[:1])


@pytest.mark.parametrize("take", VIEWS.values(), ids=VIEWS)
def test_writes_through_a_view_are_seen(take):
    base = twelve()
    view = take(base)
    if not view._data.flags.writeable:
        with pytest.raises(T.ShapeError, match="single memory location"):
            view.fill_(99)
        return
    view.fill_(99)
    assert base._version == view._version == 1
    assert base[0, 0].item() != 0


@pytest.mark.parametrize("take", COPIES.values(), ids=COPIES)
def test_copies_share_nothing(take):
    base = twelve()
    copy = take(base)
    assert not np.shares_memory(copy._data, base._data)
    assert storage_of(copy) is not storage_of(base)
    copy.fill_(99)
    assert base.tolist() == twelve().tolist()
    assert base._version == 0


@pytest.mark.parametrize("name", sorted(set(VIEWS) - {"detach", "view as a dtype", "view as a narrower dtype"}))
def test_gradients_follow_writes_through_views(name):
    """What is written through a view has a gradient, what it replaced has none."""
    leaf = T.arange(12.0, requires_grad=True)
    factor = T.tensor(3.0, requires_grad=True)
    base = (leaf * 2).view(2, 6)
    view = VIEWS[name](base)
    if not view._data.flags.writeable:
        return
    view.mul_(factor)
    (base * base).sum().backward()
    expected = twelve() * 2
    written = VIEWS[name](expected)
    before = written.clone()
    written.mul_(3)
    scale = T.ones(2, 6)
    VIEWS[name](scale).fill_(3)
    assert leaf.grad.tolist() == (2 * expected * scale * 2).view(-1).tolist()
    assert factor.grad.item() == (2 * written * before).sum().item()


def test_views_of_views_follow_writes_to_the_base():
    leaf = T.arange(12.0, requires_grad=True)
    base = leaf * 1
    view = base.view(2, 6).t()[1:].unfold(0, 2, 2)
    base.mul_(2)
    view.sum().backward()
    assert leaf.grad.tolist() == [0, 2, 2, 2, 2, 0] * 2


def test_whole_expands_can_be_written():
    base = T.zeros(2, 3)
    base.expand(1, 2, -1).fill_(1)
    assert base.tolist() == [[1, 1, 1]] * 2


def test_windows_that_overlap_cannot_be_written():
    with pytest.raises(T.ShapeError, match=r"clone\(\)"):
        T.zeros(5).unfold(0, 2, 1).fill_(1)
    with pytest.raises(T.ShapeError, match=r"clone\(\)"):
        T.zeros(5).as_strided((2, 2), (1, 1)).fill_(1)


def test_views_as_another_dtype_have_no_history_and_show_the_bits():
    x = T.tensor([1.0, -2.0], requires_grad=True)
    bits = (x * 1).view(T.int32)
    assert bits.tolist() == [0x3F800000, -0x40000000]
    assert not bits.requires_grad
    assert T.tensor([1, 0], dtype=T.int8).view(T.int16).tolist() == [1]
    halves = T.ones(2, dtype=T.float16).view(T.bfloat16)
    assert (halves.dtype, halves.view(T.float16).tolist()) == (T.bfloat16, [1, 1])
    product = x * T.ones(2).requires_grad_()
    saved = product * product
    product.detach().view(T.int32).fill_(0)
    with pytest.raises(T.GradientError, match="modified by an inplace operation"):
        saved.sum().backward()


def test_strided_views_count_from_the_start_of_the_memory():
    x = T.arange(12.0).view(3, 4)
    assert (x[1:].storage_offset(), x[1:, 2:].storage_offset(), x.storage_offset()) == (4, 6, 0)
    assert x[1:].as_strided((2,), (1,)).tolist() == [4, 5]
    assert x[1:].as_strided((2,), (1,), 0).tolist() == [0, 1]
    assert x.t().as_strided((2, 2), (4, 1), 5).tolist() == [[5, 6], [9, 10]]
    assert x.as_strided((2, 0), (1, 1)).shape == (2, 0)
    with pytest.raises(T.ArgumentError, match="12"):
        x.as_strided((13,), (1,))
    with pytest.raises(T.UnsupportedError, match="gaps"):
        T.from_numpy(np.arange(6.0)[::2]).as_strided((2,), (1,))


def test_strided_views_of_marked_memory_stay_inside_it():
    with T.inference_mode():
        row = T.arange(6.0).view(2, 3)[1]
        assert row.as_strided((2,), (1,), 0).tolist() == [0, 1]
        assert row.as_strided((2,), (1,), 0).is_inference()
        with pytest.raises(T.ArgumentError):
            row.as_strided((7,), (1,), 0)


def test_what_cannot_be_done_to_memory_says_so():
    x = T.ones(2)
    for fail in (lambda: x.resize_(3), lambda: x.set_(T.ones(2)), lambda: x.as_strided_((1,), (1,))):
        with pytest.raises(T.UnsupportedError):
            fail()


def test_questions_about_memory():
    x = T.ones(2, 3)
    assert x.is_same_size(T.zeros(2, 3))
    assert not x.is_same_size(T.zeros(3, 2))
    assert x.is_contiguous(memory_format=None)
    assert (x.is_signed(), x.byte().is_signed(), x.is_complex()) == (True, False, False)
    assert (T.tensor(2).is_nonzero(), T.tensor(0.0).is_nonzero()) == (True, False)
    with pytest.raises(T.ShapeError):
        x.is_nonzero()
