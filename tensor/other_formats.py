"""What a file that is not safetensors is instead, by its first bytes, and how to get from there to safetensors."""

from __future__ import annotations

_CONVERT = (
    "convert it once, where torch is: "
    "safetensors.torch.save_file(torch.load(path, weights_only=True), 'model.safetensors'); see docs/weights.md"
)
_MAGIC = {
    b"PK\x03\x04": f"a zip archive, as torch.save and numpy.savez write; pickles can run code, so {_CONVERT}",
    b"\x80": f"a pickle, as older versions of torch.save write; pickles can run code, so {_CONVERT}",
    b"version https://git-lfs": "a Git LFS pointer, not the file itself: fetch it with `git lfs pull`",
    b"\x93NUMPY": "a .npy file: load it with numpy.load and tensor.from_numpy",
    b"\x89HDF": "an HDF5 file: convert it to safetensors",
    b"GGUF": "a GGUF file: convert it to safetensors",
    b"\x1f\x8b": "a gzip archive: unpack it with `gunzip`",
    b"\x28\xb5\x2f\xfd": "a Zstandard archive: unpack it with `unzstd`",
}


def what_else(start: bytes) -> str:
    """Say what a file is that safetensors cannot start as.

    Args:
        start: its first bytes, 24 or more where it has them.
    """
    if not start:
        return "it is empty: fetch or write it again"
    for magic, format_ in _MAGIC.items():
        if start.startswith(magic):
            return f"it is {format_}"
    if start.lstrip()[:1] in (b"<", b"{"):
        return f"it starts with {start[:12]!r}, so it is text, such as the answer of a server: fetch the file again"
    if len(start) < 8:
        return f"it has {len(start)} bytes only, so it was cut off: fetch or write it again"
    return f"it starts with {start[:12]!r}, which is neither safetensors nor a format known here: {_CONVERT}"
