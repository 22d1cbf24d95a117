"""Pictures in CIFAR-10's format, ten classes of 3×32×32 bytes, drawn rather than photographed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

SIZE = 32

# Each is positive inside the shape; x and y run from -1 to 1, r and angle are the same point's.
Inside = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], np.ndarray]
SHAPES: dict[str, Inside] = {
    "disc": lambda x, y, r, angle: 0.8 - r,
    "ring": lambda x, y, r, angle: 0.17 - abs(r - 0.65),
    "square": lambda x, y, r, angle: 0.65 - np.maximum(abs(x), abs(y)),
    "frame": lambda x, y, r, angle: 0.15 - abs(np.maximum(abs(x), abs(y)) - 0.55),
    "triangle": lambda x, y, r, angle: 0.45 / np.cos(angle % (2 * np.pi / 3) - np.pi / 3) - r,
    "star": lambda x, y, r, angle: 0.55 + 0.33 * np.cos(5 * angle) - r,
    "cross": lambda x, y, r, angle: np.minimum(0.85 - r, 0.22 - np.minimum(abs(x), abs(y))),
    "bar": lambda x, y, r, angle: np.minimum(0.9 - abs(x), 0.2 - abs(y)),
    "crescent": lambda x, y, r, angle: np.minimum(0.85 - r, np.hypot(x - 0.4, y) - 0.65),
    "dots": lambda x, y, r, angle: 0.33 - np.hypot(abs(x) - 0.5, y),
}
NAMES = list(SHAPES)


def pictures(count: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw pictures: each a shape of any colour, place, size and turn, before a shaded and grainy background.

    Returns:
        uint8 of shape (count, 3, 32, 32), and int64 of shape (count,): which of the ten.
    """
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(count) % len(NAMES))
    return np.stack([_draw(SHAPES[NAMES[label]], rng) for label in labels]), labels


def _draw(inside: Inside, rng: np.random.Generator) -> np.ndarray:
    down, right = np.mgrid[:SIZE, :SIZE] - (SIZE - 1) / 2 - rng.uniform(-4, 4, (2, 1, 1))
    turn, radius = rng.uniform(0, 2 * np.pi), rng.uniform(8, 13)
    x = (np.cos(turn) * right + np.sin(turn) * down) / radius
    y = (np.cos(turn) * down - np.sin(turn) * right) / radius
    cover = np.clip(0.5 + radius * inside(x, y, np.hypot(x, y), np.arctan2(y, x)), 0, 1)  # edges a pixel wide

    ground = rng.uniform(0, 255, 3)
    colour = rng.uniform(0, 255, 3)
    while np.abs(colour - ground).sum() < 150:
        colour = rng.uniform(0, 255, 3)
    shade = rng.uniform(-2, 2, (3, 2)) @ np.stack([down.ravel(), right.ravel()])
    background = ground[:, None, None] + shade.reshape(3, SIZE, SIZE)
    picture = background + cover * (colour[:, None, None] - background) + rng.normal(0, 12, (3, SIZE, SIZE))
    return picture.clip(0, 255).astype(np.uint8)
