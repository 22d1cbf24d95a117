"""Attempts by marked numbers as arguments, by marked indices and masks, and by what is made of a marked tensor.

`item()`, `tolist()`, `int()`, `float()` and `bool()` leave the contract, as documented.
"""

import collections

import numpy as np
import pytest

import tensor as T
from tensor.nn import functional as F
from tests.tensor.contract.laundering.attempts import assert_cannot_train, assert_still_marked, refused


@pytest.fixture
def number(marked):
    return marked[1]


@pytest.fixture
def indices(marked):
    return (marked - 1).long()


FACTORIES = {
    "tensor": T.tensor,
    "tensor of a list": lambda m: T.tensor([m, 1.0]),
    "tensor of nested lists": lambda m: T.tensor([[1.0, 2.0], (3.0, m)]),
    "tensor of a deque": lambda m: T.tensor(collections.deque([m, 1.0])),
    "tensor of a user's list": lambda m: T.tensor(collections.UserList([m, 1.0])),
    "tensor of arrays": lambda m: T.tensor([m.numpy(), np.ones((), np.float32)]),
    "as_tensor": lambda m: T.as_tensor([m, 1.0]),
    "new_tensor": lambda m: T.ones(2).new_tensor([m, 1.0]),
    "the class": lambda m: T.Tensor([m, 1.0]),
    "full": lambda m: T.full((2,), m),
    "full_like": lambda m: T.full_like(T.ones(2), m),
    "new_full": lambda m: T.ones(2).new_full((2,), m),
    "arange": lambda m: T.arange(m),
    "arange by steps of it": lambda m: T.arange(0, 9, m),
    "linspace": lambda m: T.linspace(0, m, 3),
    "logspace": lambda m: T.logspace(0, m, 3),
    "normal": lambda m: T.normal(m, 1.0, (2,)),
    "bernoulli": lambda m: T.bernoulli(m / 9),
    "stack": lambda m: T.stack([m, T.ones(())]),
    "cat": lambda m: T.cat([m[None], T.ones(1)]),
    "a sum by Python": lambda m: sum([m, T.ones(())]),
    "a choice by Python": lambda m: max(m, T.ones(())),
}


@pytest.mark.parametrize("make", FACTORIES.values(), ids=FACTORIES)
def test_make_a_new_tensor_of_a_marked_number(number, make):
    made = make(number)
    assert made.is_inference()
    if made.dtype.is_floating_point:
        assert_cannot_train(made)


def test_make_a_leaf_of_marked_numbers(marked, number):
    for attempt in (
        lambda: T.tensor(marked, requires_grad=True),
        lambda: T.tensor([number, 1.0], requires_grad=True),
        lambda: T.full((2,), number, requires_grad=True),
        lambda: T.arange(number, requires_grad=True),
        lambda: T.linspace(0, number, 3, requires_grad=True),
        lambda: T.ones(1).new_tensor([number], requires_grad=True),
        lambda: T.tensor(marked.numpy(), requires_grad=True),
    ):
        with refused():
            attempt()


def test_hide_it_in_an_array_of_objects(number):
    array = np.array([number, number], dtype=object)
    for data in (array, [array], {"a": number}, iter([number])):
        with pytest.raises(T.DtypeError):
            T.tensor(data, dtype=T.float32)


ARGUMENTS = {
    "alpha": lambda w, m: T.add(w, w, alpha=m),
    "beta": lambda w, m: T.addmm(w, w[None].T, w[None], beta=m),
    "lower bound": lambda w, m: T.clamp(w, min=m),
    "exponent": lambda w, m: w**m,
    "base": lambda w, m: m**w,
    "reflected": lambda w, m: m - w,
    "weight of lerp": lambda w, m: T.lerp(w, w * 2, m),
    "fill value": lambda w, m: w.masked_fill(w > 0, m),
    "where": lambda w, m: T.where(w > 0, w, m),
    "condition": lambda w, m: T.where(m > 0, w, w * 2),
    "mask": lambda w, m: w.masked_fill((w.detach() * m) > 0, 0.0),
    "selected by a mask": lambda w, m: w.masked_select((w.detach() * m) > 0),
    "index": lambda w, m: w[m.long()],
    "list of indices": lambda w, m: w[[m.long(), 0]],
    "index beside a slice": lambda w, m: w[None][:, m.long()],
    "mask in brackets": lambda w, m: w[(w.detach() * m) > 0],
    "gathered": lambda w, m: w.gather(0, m.long()[None]),
    "taken": lambda w, m: w.take(m.long()),
    "index_select": lambda w, m: w.index_select(0, m.long()[None]),
    "quantile": lambda w, m: T.quantile(w, m / 9),
    "repeats": lambda w, m: w.repeat_interleave(m.long()),
    "minimum": lambda w, m: T.minimum(w, m),
    "embedding": lambda w, m: F.embedding(m.long()[None], w[:, None]),
    "targets": lambda w, m: F.cross_entropy(w[None], m.long()[None]),
    "lengths": lambda w, m: F.ctc_loss(w[:, None, None].expand(4, 1, 3), T.tensor([[1, 2]]), [4], [m.long()]),
    "einsum": lambda w, m: T.einsum("i,->i", w, m),
}


@pytest.mark.parametrize("use", ARGUMENTS.values(), ids=ARGUMENTS)
def test_pass_it_beside_a_parameter(weight, number, use):
    with refused(weight):
        use(weight, number).sum().backward()
    with T.no_grad():
        computed = use(weight, number)
    assert_still_marked(computed)


NUMBERS = {
    "label smoothing": lambda w, m: F.cross_entropy(w[None], T.tensor([0]), label_smoothing=m / 9),
    "value": lambda w, m: T.addcmul(w, w, w, value=m),
    "dropout": lambda w, m: F.dropout(w, m / 9),
    "layer_norm": lambda w, m: F.layer_norm(w, (4,), eps=m),
    "leaky_relu": lambda w, m: F.leaky_relu(w, m),
    "pad": lambda w, m: F.pad(w, (1, 1), value=m),
    "softplus": lambda w, m: F.softplus(w, beta=m),
    "huber_loss": lambda w, m: F.huber_loss(w, w, delta=m),
    "norm": lambda w, m: w.norm(p=m),
    "attention": lambda w, m: F.scaled_dot_product_attention(w[None], w[None], w[None], scale=m),
    "matrix_power": lambda w, m: T.matrix_power(w.reshape(2, 2), m.long()),
    "nan_to_num": lambda w, m: T.nan_to_num(w, nan=m),
    "logit": lambda w, m: T.logit(w, eps=m / 9),
}


@pytest.mark.parametrize("use", NUMBERS.values(), ids=NUMBERS)
def test_pass_it_where_only_a_number_is_taken(weight, number, use):
    with pytest.raises((T.DtypeError, T.InferenceTensorError)):
        use(weight, number)
    with T.no_grad():
        try:
            computed = use(weight, number)
        except T.DtypeError:
            return
    assert_still_marked(computed)


def test_pass_it_as_a_subclass_of_tensors(marked, weight):
    class Mine(T.Tensor):
        pass

    with refused(weight):
        Mine(marked) * weight
    assert_cannot_train(Mine(marked) * 2, Mine(marked)[1:], Mine([marked[0], 1.0]))


def test_convert_it(marked):
    assert_cannot_train(marked.to(T.float64), marked.double().float(), marked.type(T.float16), marked.half())
    assert_cannot_train(marked.to("cpu"), marked.cpu(), marked.type_as(T.ones(1)), marked.long().float())
    assert_still_marked(marked.to(T.int64), marked.bool())


def test_take_it_apart_and_put_it_together(marked):
    assert_cannot_train(*marked, *marked.unbind(), *marked.split(1), *marked.chunk(2), marked[0], marked[:0].sum())
    assert_cannot_train(T.stack(list(marked)), T.cat([marked[:2], T.ones(2)]), T.tensor([*marked]))
    assert_cannot_train(marked.reshape(2, 2).T, marked.expand(2, 4), marked.as_strided((2, 2), (1, 1)))


def test_count_and_sort_it(marked):
    for result in (marked.sort(), marked.topk(2), marked.max(0), marked.min(0), marked.kthvalue(1), marked.cummax(0)):
        assert_still_marked(*result)
    assert_still_marked(marked.argmax(), marked.nonzero(), marked.unique(), marked > 2, marked == T.ones(4))
    assert_still_marked(T.searchsorted(marked, T.ones(2)), T.bucketize(T.ones(2), marked), marked.long().bincount())


def test_use_its_indices_as_numbers_in_training(marked, indices, weight):
    with refused(weight):
        (weight * indices).sum().backward()
    with refused(weight):
        (weight + marked.argmax()).sum().backward()


def test_compute_with_it_where_nothing_is_recorded_and_go_on_where_it_is(marked, weight):
    with T.no_grad():
        mixed = marked * weight
    assert_cannot_train(mixed)
    with refused(weight):
        (mixed * weight).sum().backward()


def test_multiply_it_by_nothing(marked):
    assert_cannot_train(marked * 1, marked + 0, marked.clone(), +marked, marked * T.zeros(4) + T.ones(4), marked.abs())


def test_ask_an_array_to_compute_with_it(marked):
    array = np.ones(4, np.float32)
    for computed in (array * marked, array + marked, array - marked, array / marked, np.float32(2) * marked):
        assert_cannot_train(computed)
