"""Embeddings that are computed once, saved and loaded, with a search for neighbours: marked all the way."""

from pathlib import Path

import tensor
from tensor import nn
from tensor.nn import functional as F

CACHE = Path("out/embeddings.safetensors")
CACHE.parent.mkdir(exist_ok=True)

tensor.manual_seed(0)
encoder = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 8))
documents = tensor.randn(1000, 16)


@tensor.inference_mode
def embed(rows: tensor.Tensor) -> tensor.Tensor:
    return F.normalize(encoder(rows), dim=1)


tensor.save({"documents": embed(documents)}, CACHE)  # the mark is in the file
known = tensor.load(CACHE)["documents"]  # mapped, not copied: processes of a node share it
print("loaded:", tuple(known.shape), "| inference-only:", known.is_inference())


@tensor.inference_mode
def nearest(query: tensor.Tensor, k: int = 3) -> list[int]:
    similarity = known @ embed(query[None])[0]
    return similarity.topk(k).indices.tolist()


query = documents[42] + 0.01 * tensor.randn(16)
print("nearest to document 42, a little moved:", nearest(query)[0])

try:
    F.cosine_similarity(encoder(query), known[7], dim=0).backward()  # a cache must not become a training target
except tensor.InferenceTensorError as error:
    print("trained against the cache:", type(error).__name__)
