"""What a batch policy may not change: the rows, and their order."""

from __future__ import annotations

import numpy as np
import pytest

from cluster import BatchPolicy, ParquetSink, Pool, Ragged
from tests import predictors

LENGTHS = np.random.default_rng(0).integers(0, 40, 300)
PADDED = BatchPolicy(max_rows=16, max_tokens=200, max_bytes=4000, length_of="tokens", sort_within=64)


@pytest.fixture(params=["inline", "local"])
def pool(request):
    with Pool(predictors.Lengths, replicas=1, backend=request.param) as made:
        yield made


@pytest.fixture
def rows():
    return {"tokens": Ragged.from_rows([np.arange(length) for length in LENGTHS]), "id": np.arange(len(LENGTHS))}


def test_rows_come_back_in_input_order(pool, rows):
    found = pool.predict(rows, batch=PADDED, shard_rows=130)
    assert np.array_equal(np.asarray(found["length"]), LENGTHS)
    streamed = [np.asarray(batch["length"]) for batch in pool.map(rows, batch=PADDED, shard_rows=130)]
    assert np.array_equal(np.concatenate(streamed), LENGTHS)


def test_files_are_the_same_whatever_the_batches_were(pool, rows, tmp_path):
    digests = {
        pool.run(rows, tmp_path / str(number), batch=policy, shard_rows=130, sink=ParquetSink(keep=["id"])).digest
        for number, policy in enumerate([PADDED, BatchPolicy(max_rows=7)])
    }
    assert len(digests) == 1
