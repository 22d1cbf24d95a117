"""Evaluation over a dataset's batches, between epochs: the decorator keeps it out of the graph."""

import numpy as np

import tensor
from tensor import nn, optim
from tensor.nn import functional as F

tensor.manual_seed(0)
points = np.random.default_rng(0).standard_normal((600, 2), dtype=np.float32)
labels = (points[:, 0] * points[:, 1] > 0).astype(np.int64)  # two of the four quadrants
train, held_out = slice(0, 400), slice(400, 600)

model = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = optim.Adam(model.parameters(), lr=0.02)


def batches(rows: slice, size: int = 50):
    for start in range(rows.start, rows.stop, size):
        part = slice(start, start + size)
        yield tensor.from_numpy(points[part]), tensor.from_numpy(labels[part])


@tensor.inference_mode
def accuracy(rows: slice) -> float:
    model.eval()
    right = sum(int((model(x).argmax(dim=1) == y).sum()) for x, y in batches(rows))
    model.train()
    return right / (rows.stop - rows.start)


for epoch in range(1, 31):
    for x, y in batches(train):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    if epoch % 10 == 0:
        print(f"epoch {epoch}: held-out accuracy {accuracy(held_out):.1%}")
