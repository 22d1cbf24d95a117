"""The numerics profile: what the user's environment says wins, and workers get it before NumPy loads."""

from __future__ import annotations

import numpy as np
import pytest

from cluster import Pool, UsageError
from cluster.numerics import NumericsProfile


def test_one_thread_unless_the_environment_says_otherwise():
    assert NumericsProfile.of_workers({}) == NumericsProfile(kernel="auto", threads=1)
    asked = {"OMP_NUM_THREADS": "4", "OPENBLAS_CORETYPE": "Haswell"}
    assert NumericsProfile.of_workers(asked) == NumericsProfile(kernel="Haswell", threads=4)
    assert NumericsProfile.of_workers({**asked, "OPENBLAS_NUM_THREADS": "2"}).threads == 2


def test_nonsense_is_refused():
    with pytest.raises(UsageError, match="'many' BLAS threads"):
        NumericsProfile.of_workers({"OMP_NUM_THREADS": "many"})


class Environment:
    def __call__(self, batch):
        import os

        found = (
            os.environ["OPENBLAS_NUM_THREADS"],
            os.environ.get("OPENBLAS_CORETYPE", ""),
            os.environ.get("PYTHONPATH"),
        )
        return {"found": np.array([repr(found)], dtype=object)}


def test_workers_run_with_the_profile_and_the_users_own_python_path(monkeypatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "3")
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    with Pool(Environment, replicas=1) as pool:
        assert pool.predict(np.zeros(1))["found"][0] == "('3', 'Haswell', '/somewhere')"
