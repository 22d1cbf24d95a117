"""Random numbers: generators, the default one, and its seed."""

from __future__ import annotations

import secrets
from typing import Any

import numpy as np

from tensor.errors import DtypeError


class Generator:
    """A source of random numbers with a seed of its own.

    Args:
        device: `"cpu"`; accepted since PyTorch has it.
    """

    def __init__(self, device: Any = "cpu") -> None:
        self.device = device
        self.manual_seed(67280421310721)  # PyTorch's default seed

    def manual_seed(self, seed: int) -> Generator:
        """Start again from a seed, and return this generator."""
        self._seed = int(seed)
        self.numpy = np.random.Generator(np.random.PCG64(self._seed % 2**64))
        return self

    def seed(self) -> int:
        """Start again from a seed that the system chooses, and return it."""
        return self.manual_seed(secrets.randbits(63)).initial_seed()

    def initial_seed(self) -> int:
        """Return the seed that this generator was last started from."""
        return self._seed

    def get_state(self) -> dict[str, Any]:
        """Return what `set_state` needs to continue from here."""
        return {"seed": self._seed, "state": self.numpy.bit_generator.state}

    def set_state(self, new_state: dict[str, Any]) -> Generator:
        """Continue from where `get_state` was called, and return this generator."""
        self.manual_seed(new_state["seed"])
        self.numpy.bit_generator.state = new_state["state"]
        return self


default_generator = Generator()


def manual_seed(seed: int) -> Generator:
    """Seed the default generator of this process, and return it.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.manual_seed.html
    """
    return default_generator.manual_seed(seed)


def initial_seed() -> int:
    """Return the default generator's seed."""
    return default_generator.initial_seed()


def random_of(generator: Generator | None) -> np.random.Generator:
    """Return NumPy's generator behind ours, or behind the default one."""
    if generator is None:
        return default_generator.numpy
    if not isinstance(generator, Generator):
        raise DtypeError(f"generator: expected a tensor.Generator, got {type(generator).__name__}")
    return generator.numpy


def seed() -> int:
    """Seed the default generator from the system, and return the seed."""
    return default_generator.seed()


def get_rng_state() -> dict[str, Any]:
    """Return the default generator's state."""
    return default_generator.get_state()


def set_rng_state(new_state: dict[str, Any]) -> None:
    """Have the default generator continue from a state."""
    default_generator.set_state(new_state)
