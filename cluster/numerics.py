"""The numerics profile: what decides the last bits of a result, fixed once per job and recorded with it.

Matrix products differ in their last bits between BLAS kernels, thread counts and batch shapes. Within one profile the
same rows give the same bits on every backend and with any number of replicas.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from cluster.errors import UsageError

_KERNEL = "OPENBLAS_CORETYPE"
_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True, kw_only=True)
class NumericsProfile:
    """How replicas compute.

    Attributes:
        kernel: OpenBLAS's kernels (`OPENBLAS_CORETYPE`); "auto" lets it choose by the CPU.
        threads: BLAS threads per replica. One by default, however many replicas there are: parallelism comes from
            replicas, and the number must not change the results.
        precision: Of the arithmetic.
    """

    kernel: str = "auto"
    threads: int = 1
    precision: str = "float32"

    @classmethod
    def of_workers(cls, environment: Mapping[str, str]) -> NumericsProfile:
        """The profile for workers of their own processes: what the user's environment asks for, else the defaults."""
        threads = next((environment[name] for name in _THREADS if environment.get(name)), "1")
        if not threads.isdecimal() or int(threads) < 1:
            raise UsageError(f"the environment asks for {threads!r} BLAS threads; expected a whole number from 1")
        return cls(kernel=environment.get(_KERNEL) or "auto", threads=int(threads))

    @classmethod
    def of_this_process(cls) -> NumericsProfile:
        """The profile of this process, where NumPy is loaded and nothing can be chosen any more."""
        profile = cls.of_workers(os.environ)
        asked = any(os.environ.get(name) for name in _THREADS)
        return profile if asked else cls(kernel=profile.kernel, threads=len(os.sched_getaffinity(0)))

    def environment(self) -> dict[str, str]:
        """The variables that a worker must have before it loads NumPy."""
        variables = dict.fromkeys(_THREADS, str(self.threads))
        return variables if self.kernel == "auto" else {**variables, _KERNEL: self.kernel}

    def to_dict(self) -> dict[str, str | int]:
        """For the job's manifest."""
        return asdict(self)
