"""The main job: train on scikit-learn's digits, fan the held-out images out over two replicas, show the guarantee.

make demo
make demo BACKEND=ray
"""

from __future__ import annotations

import argparse
import shutil
import time
from pathlib import Path

import numpy as np
from model import Classify, Train
from sklearn.datasets import load_digits
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import train_test_split

from cluster import BatchPolicy, Pool, TrainingPool, read_results
from tensor import InferenceTensorError, nn, optim
from tensor.nn import functional as F

HIDDEN = 128


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("out/digits"), help="folder for weights, predictions, picture")
    parser.add_argument("--backend", default="local", help="local, ray or inline")
    arguments = parser.parse_args()
    out: Path = arguments.out
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)

    pixels, digit = load_digits(return_X_y=True)
    images = {"pixels": pixels.astype(np.float32), "digit": digit.astype(np.int64)}
    train, held_out = train_test_split(np.arange(len(digit)), test_size=0.25, stratify=digit, random_state=0)

    print(f"Training an MLP on {len(train):,} images, on 2 workers")
    with TrainingPool(
        Train, init={"hidden": HIDDEN, "learning_rate": 3e-3}, world_size=2, backend=arguments.backend
    ) as training:
        fit = training.fit(rows_of(images, train), epochs=30, batch_rows=64, seed=0)
        weights = training.publish()
    weights.save(out / "model.safetensors")
    print(
        f"  {fit.steps} steps in {fit.seconds:.2f} s ({fit.rows_per_s:,.0f} rows/s), "
        f"loss {fit.losses[0]:.3f} → {fit.losses[-1]:.4f}; both ranks hold the same weights ({fit.digest[:12]})"
    )

    print(f"Predicting {len(held_out)} held-out images, on 2 replicas")
    with Pool(Classify, weights=weights, init={"hidden": HIDDEN}, replicas=2, backend=arguments.backend) as pool:
        started_s = time.monotonic()
        pool.wait_ready()  # a job this small would be through before the second one is up
        ready_s = time.monotonic() - started_s
        report = pool.run(rows_of(images, held_out), out / "predictions", batch=BatchPolicy(max_rows=32), shard_rows=64)
    print(
        f"  replicas up after {ready_s:.2f} s; {report.rows} rows in {report.shards} shards: first batch after "
        f"{report.first_batch_s:.2f} s, {report.seconds:.2f} s in all ({report.rows_per_s:,.0f} rows/s)"
    )
    for name, size_bytes in report.private_bytes.items():
        print(f"  {name}: {size_bytes / 2**20:.1f} MiB of private memory")

    predictions = read_results(out / "predictions")
    truth, predicted = predictions["digit"].numpy(), predictions["predicted"].numpy()
    print(f"  accuracy {np.mean(truth == predicted):.1%}")
    picture = out / "confusion.png"
    draw(confusion_matrix(truth, predicted), picture)
    print(f"  predictions in {out / 'predictions'}/, confusion matrix in {picture}")

    print("Training on these predictions, by accident:")
    head = nn.Linear(1, 10)
    optimizer = optim.SGD(head.parameters(), lr=0.1)
    try:
        loss = F.cross_entropy(head(predictions["probability"].unsqueeze(1)), predictions["predicted"])
        loss.backward()
        optimizer.step()
    except InferenceTensorError as error:
        print(f"  InferenceTensorError: {error}")
    else:
        raise SystemExit("the predictions could be trained on: the guarantee is broken")


def rows_of(columns: dict[str, np.ndarray], indices: np.ndarray) -> dict[str, np.ndarray]:
    return {name: column[indices] for name, column in columns.items()}


def draw(matrix: np.ndarray, path: Path) -> None:
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 6), layout="constrained")
    axes.imshow(matrix, cmap="Blues", norm="symlog")
    for (row, column), count in np.ndenumerate(matrix):
        if count:
            axes.text(column, row, str(count), ha="center", va="center", color="white" if count > 5 else "black")
    axes.set(xlabel="predicted", ylabel="true", xticks=range(10), yticks=range(10), title="Held-out digits")
    figure.savefig(path, dpi=120)
    plt.close(figure)


if __name__ == "__main__":
    main()
