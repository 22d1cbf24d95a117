"""The README's example: embed 10,000 rows on two replicas, three ways."""

import numpy as np

import tensor
from cluster import Pool, read_results
from tensor import nn


class Embed:
    def __init__(self, weights):  # once per replica; the weights are one read-only copy for all of them
        self.model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 16))
        self.model.load_state_dict(weights)

    def __call__(self, batch):  # once per batch, inside inference_mode
        return {"embedding": self.model(tensor.from_numpy(batch["data"]))}


tensor.manual_seed(0)
weights = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 16)).state_dict()
rows = np.random.default_rng(0).standard_normal((10_000, 64), dtype=np.float32)

with Pool(Embed, weights=weights, replicas=2) as pool:
    for batch in pool.map(rows):  # streamed, in input order, in bounded memory
        print("first batch:", tuple(batch["embedding"].shape))
        break
    table = pool.predict(rows)  # gathered in memory
    report = pool.run(rows, "out/quickstart")  # Parquet; each row once, also after a crash: run it again to go on
print(f"{report.rows:,} rows, {report.shards} shards, equal to the gathered ones:", end=" ")
print(bool((read_results("out/quickstart")["embedding"] == table["embedding"]).all()))

try:
    table["embedding"].requires_grad_()  # what came out of inference can never be trained on
except tensor.InferenceTensorError as error:
    print(f"InferenceTensorError: {error}")
