"""The names of the safetensors library's `safetensors.torch`, for code that is written with them.

    from tensor.safetensors import load_file, save_file, safe_open   # was: from safetensors.torch import ...

`tensor.load` and `tensor.save` do the same, and checkpoints in several files too. What `load_file` and `safe_open` give
is mapped, so nothing is read before it is used. Source: https://huggingface.co/docs/safetensors/api/torch
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from io import BytesIO
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from tensor import serialization
from tensor.devices import DeviceLike, check
from tensor.errors import ArgumentError
from tensor.nn.state_dict import slots_of, with_tied
from tensor.safetensors_file import CODES, Header, read_header
from tensor.tensors import Tensor

if TYPE_CHECKING:
    from tensor.nn.modules.module import Module

Path = str | os.PathLike[str]


def load_file(filename: Path, device: DeviceLike = "cpu") -> dict[str, Tensor]:
    """Read a safetensors file; see `tensor.load`.

    Args:
        filename: the file.
        device: `"cpu"`.
    """
    return serialization.load_named(filename, device)


def load(data: bytes) -> dict[str, Tensor]:
    """Read the bytes of a safetensors file into private, writable memory."""
    return serialization.load_named(BytesIO(data))


def save_file(tensors: Mapping[str, Tensor], filename: Path, metadata: Mapping[str, str] | None = None) -> None:
    """Write named tensors to a safetensors file; see `tensor.save`.

    Args:
        tensors: tensors by name; those that share memory are each written whole.
        filename: the file.
        metadata: free text to store with them.
    """
    serialization.save_named(tensors, filename, metadata=metadata)


def save(tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None) -> bytes:
    """Return the bytes of a safetensors file of named tensors."""
    stream = BytesIO()
    serialization.save_named(tensors, stream, metadata=metadata)
    return stream.getvalue()


def load_model(
    model: Module, filename: Path, strict: bool = True, device: DeviceLike = "cpu"
) -> tuple[list[str], list[str]]:
    """Load a file or checkpoint into a module; of tied parameters it need hold one name only.

    Args:
        model: the module.
        filename: what `tensor.load` reads.
        strict: whether the names must be exactly the module's.
        device: `"cpu"`.

    Returns:
        The names that were missing, and those that were unexpected, when not strict.

    Raises:
        StateDictError: names or shapes do not fit.
    """
    weights = with_tied(model, serialization.load_named(filename, device))
    missing, unexpected = model.load_state_dict(weights, strict=strict)
    return missing, unexpected


def save_model(
    model: Module, filename: Path, metadata: Mapping[str, str] | None = None, force_contiguous: bool = True
) -> None:
    """Write a module's state, each of its tied parameters once.

    Args:
        model: the module.
        filename: the file.
        metadata: free text to store with it; the names left out are added, each with the one that stands for it.
        force_contiguous: files hold tensors contiguously in any case.
    """
    kept: dict[int, str] = {}
    texts = dict(metadata or {})
    for name, slot in slots_of(model).items():
        if (first := kept.setdefault(id(slot.tensor), name)) != name:
            texts.setdefault(name, first)
    state = model.state_dict()
    serialization.save_named({name: state[name] for name in kept.values()}, filename, metadata=texts)


class safe_open:  # noqa: N801 - the library's name
    """A safetensors file, opened for some of its tensors.

        with safe_open("model.safetensors", framework="pt") as file:
            weight = file.get_tensor("out.weight")

    Args:
        filename: the file.
        framework: `"pt"`.
        device: `"cpu"`.

    Raises:
        WeightsFileError: the file is of another format, or is damaged.
        ArgumentError: tensors of another framework are asked for.
    """

    def __init__(self, filename: Path, framework: str = "pt", device: DeviceLike = "cpu") -> None:
        if framework not in ("pt", "pytorch", "torch"):
            raise ArgumentError(f"safe_open gives tensors, framework='pt', not {framework!r}; for arrays call .numpy()")
        check(device)
        self._header: Header = read_header(filename)
        self._tensors = serialization.load_named(filename)

    def keys(self) -> list[str]:
        """Return the tensors' names, sorted."""
        return sorted(self._tensors)

    def offset_keys(self) -> list[str]:
        """Return the tensors' names in the order of their bytes."""
        entries = self._header.entries.values()
        return [each.name for each in sorted(entries, key=lambda each: (each.offset_bytes, each.size_bytes))]

    def metadata(self) -> dict[str, str] | None:
        """Return the free text that is stored with the tensors, None if there is none."""
        return dict(self._header.metadata) or None

    def get_tensor(self, name: str) -> Tensor:
        """Return a tensor, read-only over the mapped file."""
        if name not in self._tensors:
            raise ArgumentError(f"the file has no tensor {name!r}; it has {', '.join(self.keys()[:10])}")
        return self._tensors[name]

    def get_slice(self, name: str) -> Slice:
        """Return a tensor to be indexed: what is not asked for is not read."""
        return Slice(self.get_tensor(name))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._tensors = {}


class Slice:
    """What `safe_open.get_slice` returns.

    Args:
        tensor: the whole tensor, mapped.
    """

    def __init__(self, tensor: Tensor) -> None:
        self._tensor = tensor

    def get_shape(self) -> list[int]:
        """Return the whole tensor's shape."""
        return list(self._tensor.shape)

    def get_dtype(self) -> str:
        """Return the format's name of its dtype, such as `"F32"`."""
        return CODES[self._tensor.dtype.numpy_dtype]

    def __getitem__(self, index: Any) -> Tensor:
        part: Tensor = self._tensor[index]
        return part
