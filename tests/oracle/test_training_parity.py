"""The same weights and batches give the same loss curve in both libraries, over 200 steps.

Each recipe is written once, as PyTorch code is: a function of the namespaces `torch, nn, F, optim`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tensor
from tests.oracle.twins import copy_state

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.oracle

STEPS = 200
Recipe = tuple[Any, Any, Callable[[float], None], Callable[[Any, Any, Any], Any]]


def perceptron(torch: Any, nn: Any, F: Any, optim: Any) -> Recipe:  # noqa: N803 - the field's name
    """A regression with Adam, whose rate falls when the loss does not."""
    model = nn.Sequential(nn.Linear(6, 16), nn.LayerNorm(16), nn.GELU(), nn.Dropout(0.0), nn.Linear(16, 2))
    optimizer = optim.Adam(
        [{"params": model[0].parameters(), "weight_decay": 1e-3}, {"params": model[1:].parameters(), "lr": 3e-3}],
        lr=1e-2,
        amsgrad=True,
    )
    scheduler = optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.7, patience=8, cooldown=2)
    return model, optimizer, scheduler.step, lambda model, x, y: F.smooth_l1_loss(model(x), torch.tanh(x[:, :2] * y))


def convolutional(torch: Any, nn: Any, F: Any, optim: Any) -> Recipe:  # noqa: N803 - the field's name
    """Images with batch norms and a shortcut, with Nesterov momentum over one cycle, gradients clipped."""

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Sequential(nn.Conv2d(1, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6), nn.ReLU(True))
            self.conv = nn.Conv2d(6, 6, 3, padding=1, groups=2)
            self.norm = nn.BatchNorm2d(6)
            self.head = nn.Linear(6, 4)

        def forward(self, x: Any) -> Any:
            x = F.max_pool2d(self.stem(x), 2)
            x = F.relu(x + self.norm(self.conv(x)))
            return self.head(F.adaptive_avg_pool2d(x, 1).flatten(1))

    model = Net()
    optimizer = optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True, weight_decay=5e-4)
    scheduler = optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.1, total_steps=STEPS + 1)

    def loss(model: Any, x: Any, y: Any) -> Any:
        return F.cross_entropy(model(x), y, label_smoothing=0.1)

    def clip(*_: Any) -> None:
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)

    optimizer.register_step_pre_hook(clip)
    return model, optimizer, lambda _: scheduler.step(), loss


def decoder(torch: Any, nn: Any, F: Any, optim: Any) -> Recipe:  # noqa: N803 - the field's name
    """A decoder of characters, written out, with AdamW that warms up and follows a cosine."""

    class Attention(nn.Module):
        def __init__(self, width: int, heads: int) -> None:
            super().__init__()
            self.heads = heads
            self.qkv = nn.Linear(width, 3 * width)
            self.out = nn.Linear(width, width)

        def forward(self, x: Any) -> Any:
            batch, length, width = x.shape
            q, k, v = self.qkv(x).chunk(3, dim=-1)
            q, k, v = (each.view(batch, length, self.heads, -1).transpose(1, 2) for each in (q, k, v))
            x = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            return self.out(x.transpose(1, 2).reshape(batch, length, width))

    class Block(nn.Module):
        def __init__(self, width: int) -> None:
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
            self.attention = Attention(width, 2)
            self.mlp = nn.Sequential(
                nn.Linear(width, 2 * width), nn.GELU(approximate="tanh"), nn.Linear(2 * width, width)
            )

        def forward(self, x: Any) -> Any:
            x = x + self.attention(self.norm1(x))
            return x + self.mlp(self.norm2(x))

    class Decoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.tokens, self.places = nn.Embedding(11, 16), nn.Embedding(8, 16)
            self.blocks = nn.ModuleList([Block(16) for _ in range(2)])
            self.norm = nn.LayerNorm(16)
            self.head = nn.Linear(16, 11, bias=False)
            self.head.weight = self.tokens.weight

        def forward(self, ids: Any) -> Any:
            x = self.tokens(ids) + self.places(torch.arange(ids.shape[1]))
            for block in self.blocks:
                x = block(x)
            return self.head(self.norm(x))

    model = Decoder()
    decayed = [p for p in model.parameters() if p.ndim > 1]
    rest = [p for p in model.parameters() if p.ndim <= 1]
    optimizer = optim.AdamW(
        [{"params": decayed, "weight_decay": 0.1}, {"params": rest, "weight_decay": 0.0}], lr=3e-3, betas=(0.9, 0.95)
    )
    warm_up = optim.lr_scheduler.LinearLR(optimizer, start_factor=0.1, total_iters=20)
    falling = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=STEPS - 20, eta_min=1e-4)
    scheduler = optim.lr_scheduler.SequentialLR(optimizer, [warm_up, falling], milestones=[20])

    def loss(model: Any, ids: Any, _: Any) -> Any:
        logits = model(ids[:, :-1])
        return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), ids[:, 1:].reshape(-1))

    return model, optimizer, lambda _: scheduler.step(), loss


def encoder(torch: Any, nn: Any, F: Any, optim: Any) -> Recipe:  # noqa: N803 - the field's name
    """A classifier of sequences of different lengths, with the library's own encoder, and NAdam in steps."""

    class Classifier(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.tokens = nn.Embedding(12, 16, padding_idx=0)
            layer = nn.TransformerEncoderLayer(16, 4, dim_feedforward=32, dropout=0.0, batch_first=True)
            self.encoder = nn.TransformerEncoder(layer, num_layers=2, enable_nested_tensor=False)
            self.head = nn.Linear(16, 3)

        def forward(self, ids: Any) -> Any:
            padding = ids == 0
            x = self.encoder(self.tokens(ids) * math.sqrt(16), src_key_padding_mask=padding)
            kept = (~padding).unsqueeze(-1).to(x.dtype)
            return self.head((x * kept).sum(1) / kept.sum(1))

    model = Classifier()
    optimizer = optim.NAdam(model.named_parameters(), lr=2e-3, weight_decay=1e-2, decoupled_weight_decay=True)
    scheduler = optim.lr_scheduler.MultiStepLR(optimizer, milestones=[80, 150], gamma=0.3)
    criterion = nn.CrossEntropyLoss(reduction="mean")
    return model, optimizer, lambda _: scheduler.step(), lambda model, ids, y: criterion(model(ids), y)


def numbers(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    return random.normal(size=(16, 6)), random.uniform(0.5, 2.0, size=(16, 1))


def images(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    classes = random.integers(0, 4, 16)
    return random.normal(size=(16, 1, 8, 8)) + classes[:, None, None, None] * 0.5, classes


def characters(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    start, by = random.integers(0, 11, (8, 1)), random.integers(1, 4, (8, 1))
    return (start + by * np.arange(9)) % 11, start


def sequences(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    classes = random.integers(0, 3, 8)
    ids = random.integers(1, 8, (8, 7)) + 2 * classes[:, None]
    ids[np.arange(7) >= random.integers(2, 8, (8, 1))] = 0
    return ids, classes


RECIPES = {
    "MLP": (perceptron, numbers),
    "CNN": (convolutional, images),
    "decoder": (decoder, characters),
    "encoder": (encoder, sequences),
}


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-10), ("float32", 1e-4)])
@pytest.mark.parametrize("name", RECIPES)
def test_training_gives_the_same_losses(name, dtype, tolerance):
    recipe, draw = RECIPES[name]
    random = np.random.default_rng(0)
    batches = [draw(random) for _ in range(STEPS)]
    torch.manual_seed(0)
    parts = [recipe(library, library.nn, library.nn.functional, library.optim) for library in (torch, tensor)]
    models = [part[0] for part in parts]
    copy_state(*models)
    for library, model in zip((torch, tensor), models, strict=True):
        model.to(getattr(library, dtype))
    theirs, ours = (
        losses(library, dtype, batches, *part) for library, part in zip((torch, tensor), parts, strict=True)
    )
    assert np.mean(ours[-20:]) < 0.7 * np.mean(ours[:20])
    np.testing.assert_allclose(ours, theirs, rtol=tolerance)


def losses(
    library: Any,
    dtype: str,
    batches: Any,
    model: Any,
    optimizer: Any,
    end_of_step: Callable[[float], None],
    loss_of: Any,
) -> list[float]:
    """The loss of each step."""
    found = []
    for batch in batches:
        x, y = (library.tensor(each if each.dtype.kind == "i" else each.astype(dtype)) for each in batch)
        optimizer.zero_grad()
        loss = loss_of(model, x, y)
        loss.backward()
        optimizer.step()
        end_of_step(loss.item())
        found.append(loss.item())
    return found
