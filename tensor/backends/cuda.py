"""What PyTorch computes with on GPUs, of which there are none: its switches, for code that sets them."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

matmul = SimpleNamespace(
    allow_tf32=False,
    allow_fp16_reduced_precision_reduction=True,
    allow_bf16_reduced_precision_reduction=True,
    allow_fp16_accumulation=False,
)
_enabled = {"flash": True, "mem_efficient": True, "math": True, "cudnn": True}


def is_built() -> bool:
    """Whether this library can use GPUs: no."""
    return False


def flash_sdp_enabled() -> bool:
    """Whether attention on a GPU may use the FlashAttention kernel."""
    return _enabled["flash"]


def enable_flash_sdp(enabled: bool) -> None:
    """Say whether attention on a GPU may use the FlashAttention kernel."""
    _enabled["flash"] = enabled


def mem_efficient_sdp_enabled() -> bool:
    """Whether attention on a GPU may use the memory-efficient kernel."""
    return _enabled["mem_efficient"]


def enable_mem_efficient_sdp(enabled: bool) -> None:
    """Say whether attention on a GPU may use the memory-efficient kernel."""
    _enabled["mem_efficient"] = enabled


def math_sdp_enabled() -> bool:
    """Whether attention on a GPU may be computed step by step."""
    return _enabled["math"]


def enable_math_sdp(enabled: bool) -> None:
    """Say whether attention on a GPU may be computed step by step."""
    _enabled["math"] = enabled


def cudnn_sdp_enabled() -> bool:
    """Whether attention on a GPU may use cuDNN's kernel."""
    return _enabled["cudnn"]


def enable_cudnn_sdp(enabled: bool) -> None:
    """Say whether attention on a GPU may use cuDNN's kernel."""
    _enabled["cudnn"] = enabled


@contextmanager
def sdp_kernel(
    enable_flash: bool = True, enable_math: bool = True, enable_mem_efficient: bool = True, enable_cudnn: bool = True
) -> Iterator[None]:
    """Have a block with other kernels for attention on a GPU, which change nothing here.

    Args:
        enable_flash: Whether to use the FlashAttention kernel.
        enable_math: Whether to compute step by step.
        enable_mem_efficient: Whether to use the memory-efficient kernel.
        enable_cudnn: Whether to use cuDNN's.
    """
    before = dict(_enabled)
    _enabled.update(flash=enable_flash, mem_efficient=enable_mem_efficient, math=enable_math, cudnn=enable_cudnn)
    try:
        yield
    finally:
        _enabled.update(before)
