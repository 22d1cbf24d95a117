"""Random numbers: generators, the default one, and its seed.

They are NumPy's: a seed gives the same numbers on every machine, but not those that PyTorch draws for it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from tensor import devices
from tensor.devices import DeviceLike
from tensor.dtypes import Array
from tensor.errors import ArgumentError, DtypeError

DIGITS = {"float64": 53, "float32": 24, "float16": 11, "bfloat16": 8}  # binary, of a float


class Generator:
    """A source of random numbers with a seed of its own.

    Args:
        device: `"cpu"`.

    Raises:
        UnsupportedError: It is another device.
    """

    def __init__(self, device: DeviceLike = "cpu") -> None:
        devices.check(device)
        self.device = devices.CPU
        self.manual_seed(67280421310721)  # PyTorch's default seed

    def manual_seed(self, seed: int) -> Generator:
        """Start again from a seed, and return this generator.

        Args:
            seed: An integer of 64 bits, with or without a sign; -1 is the largest without.

        Raises:
            ArgumentError: It is none.
        """
        if not -(2**63) <= int(seed) < 2**64:
            raise ArgumentError(f"manual_seed: expected a seed of 64 bits, got {int(seed)}")
        self._seed = int(seed) % 2**64
        self.numpy = np.random.Generator(np.random.PCG64(self._seed))
        return self

    def seed(self) -> int:
        """Start again from a seed that the system chooses, and return it."""
        return self.manual_seed(secrets.randbits(63)).initial_seed()

    def initial_seed(self) -> int:
        """Return the seed that this generator was last started from."""
        return self._seed

    def get_state(self) -> dict[str, Any]:
        """Return what `set_state` needs to continue from here.

        A dictionary, where PyTorch has a tensor of bytes: a tensor made in inference mode would be inference-only.
        """
        return {"seed": self._seed, "state": self.numpy.bit_generator.state}

    def clone_state(self) -> Generator:
        """Return another generator that will draw the same numbers as this one."""
        return Generator(self.device).set_state(self.get_state())

    def set_state(self, new_state: Any) -> Generator:
        """Continue from where `get_state` was called, and return this generator.

        Raises:
            DtypeError: It is no such dictionary.
        """
        if not (isinstance(new_state, dict) and {"seed", "state"} <= new_state.keys()):
            raise DtypeError(
                "a generator's state is the dictionary that get_state() or get_rng_state() returned, got "
                f"{type(new_state).__name__}; states that PyTorch saved are of another generator: call manual_seed()"
            )
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


def uniform(random: np.random.Generator, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Return uniform random numbers from 0 up to but not 1, which half precision would round some up to."""
    if dtype.name in ("float16", "bfloat16"):
        steps = 2 ** DIGITS[dtype.name]
        return (random.integers(0, steps, shape, np.int32).astype(np.float32) / np.float32(steps)).astype(dtype)
    return np.asarray(random.random(shape, np.dtype(dtype).type))


@contextmanager
def fork_rng(devices: Any = (), enabled: bool = True) -> Iterator[None]:
    """Have the default generator go on after the block as if the block had drawn no numbers.

    Source: https://docs.pytorch.org/docs/stable/random.html#torch.random.fork_rng

    Args:
        devices: Accepted since PyTorch has it.
        enabled: Whether the block does anything.
    """
    state = default_generator.get_state()
    try:
        yield
    finally:
        if enabled:
            default_generator.set_state(state)


def seed() -> int:
    """Seed the default generator from the system, and return the seed."""
    return default_generator.seed()


def get_rng_state() -> dict[str, Any]:
    """Return the default generator's state."""
    return default_generator.get_state()


def set_rng_state(new_state: Any) -> None:
    """Have the default generator continue from a state."""
    default_generator.set_state(new_state)
