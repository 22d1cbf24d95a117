"""Lazy layers beside torch's, after the input that tells them their shapes."""

from __future__ import annotations

import pytest

from tests.oracle.twins import check, copy_state, floats, tensor, torch

pytestmark = pytest.mark.oracle

CASES = [
    (lambda torch, nn: nn.LazyLinear(4), (2, 3)),
    (lambda torch, nn: nn.LazyLinear(4, bias=False), (5, 2, 3)),
    (lambda torch, nn: nn.LazyConv1d(4, 3, 2, 1), (2, 3, 8)),
    (lambda torch, nn: nn.LazyConv2d(6, (3, 2), padding="same", groups=3, bias=False), (2, 3, 5, 6)),
    (lambda torch, nn: nn.LazyConv2d(6, 3, padding_mode="circular", padding=1), (3, 5, 6)),
    (lambda torch, nn: nn.LazyConv3d(2, 2), (1, 3, 3, 4, 3)),
    (lambda torch, nn: nn.LazyConvTranspose1d(4, 3, 2, 1, 1), (2, 3, 5)),
    (lambda torch, nn: nn.LazyConvTranspose2d(6, 2, groups=3, stride=2), (2, 3, 4, 5)),
    (lambda torch, nn: nn.LazyConvTranspose3d(2, 2, bias=False), (1, 3, 2, 3, 2)),
    (lambda torch, nn: nn.LazyBatchNorm1d(), (4, 3)),
    (lambda torch, nn: nn.LazyBatchNorm2d(momentum=None, bias=False), (2, 3, 4, 5)),
    (lambda torch, nn: nn.LazyBatchNorm3d(affine=False), (2, 3, 2, 2, 3)),
    (lambda torch, nn: nn.LazyInstanceNorm1d(), (2, 3, 5)),
    (lambda torch, nn: nn.LazyInstanceNorm2d(track_running_stats=False), (2, 3, 4, 5)),
    (lambda torch, nn: nn.LazyInstanceNorm3d(), (2, 3, 2, 2, 3)),
]


@pytest.mark.parametrize(("make", "shape"), CASES)
def test_lazy_layers_become_what_torchs_do(make, shape):
    mine, theirs = make(tensor, tensor.nn), make(torch, torch.nn)
    assert repr(mine) == repr(theirs)
    assert list(mine.state_dict()) == list(theirs.state_dict())

    def made(t, nn):
        module = make(t, nn)
        module.eval()(t.ones(*shape))
        return module.train()

    check(made, floats(*shape))


@pytest.mark.parametrize(("make", "shape"), CASES[:4])
def test_weights_that_are_loaded_tell_the_shapes(make, shape):
    theirs = make(torch, torch.nn)
    theirs(torch.ones(*shape))
    mine = make(tensor, tensor.nn)
    mine.load_state_dict({name: tensor.tensor(each.numpy()) for name, each in theirs.state_dict().items()})
    out = mine(tensor.ones(*shape))
    assert repr(mine) == repr(theirs)
    copy_state(theirs, mine)
    torch.testing.assert_close(torch.tensor(out.tolist()), theirs(torch.ones(*shape)))
