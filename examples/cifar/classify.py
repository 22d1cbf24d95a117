"""Train a ResNet-18 on drawn 32×32 pictures of ten shapes, then have replicas of it classify others.

python examples/cifar/classify.py
python examples/cifar/classify.py --width 64  # the paper's network, which computes 64 times as much for a picture
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from predictor import Classify, Train
from shapes import NAMES, pictures

import tensor
from cluster import BatchPolicy, Pool, TrainingPool

BATCH_ROWS = 32


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("out/cifar"), help="folder for the weights")
    parser.add_argument("--width", type=int, default=8, help="channels of the first layers; the paper's network has 64")
    parser.add_argument("--pictures", type=int, default=2500, help="how many to train on; half as many are classified")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--backend", default="local", help="local, ray or inline")
    parser.add_argument("--replicas", type=int, default=2)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)

    images, labels = pictures(arguments.pictures, seed=0)
    print(f"Training ResNet-18, {arguments.width} channels wide, on {len(labels):,} pictures, on 2 workers")
    steps = arguments.epochs * -(-len(labels) // BATCH_ROWS)
    init = {"width": arguments.width, "learning_rate": 6e-3, "steps": steps}
    with TrainingPool(Train, init=init, world_size=2, backend=arguments.backend) as training:
        fit = training.fit({"image": images, "label": labels}, epochs=arguments.epochs, batch_rows=BATCH_ROWS, seed=0)
        weights = training.publish()
    path = arguments.out / "resnet18.safetensors"
    weights.save(path)
    parameters = sum(value.numel() for name, value in tensor.load(path).items() if name.endswith(("weight", "bias")))
    print(
        f"  {parameters:,} parameters, {fit.steps} steps in {fit.seconds:.0f} s ({fit.rows_per_s:,.0f} pictures/s), "
        f"loss {fit.losses[0]:.2f} → {fit.losses[-1]:.2f} → {path}"
    )

    images, labels = pictures(arguments.pictures // 2, seed=2)
    print(f"Classifying {len(labels):,} pictures that it has not seen, on {arguments.replicas} replicas")
    with Pool(
        Classify,
        weights=path,
        init={"width": arguments.width},
        replicas=arguments.replicas,
        backend=arguments.backend,
    ) as pool:
        pool.wait_ready()
        started_s = time.monotonic()
        found = pool.predict({"image": images, "label": labels}, batch=BatchPolicy(max_rows=64), shard_rows=64)
        took_s = time.monotonic() - started_s
    right = found["predicted"].numpy() == labels
    print(f"  {right.mean():.1%} right (top 1), {len(labels) / took_s:,.0f} pictures/s")
    each = {name: right[labels == number].mean() for number, name in enumerate(NAMES) if (labels == number).any()}
    print("  " + ", ".join(f"{name} {share:.0%}" for name, share in sorted(each.items(), key=lambda item: item[1])))


if __name__ == "__main__":
    main()
