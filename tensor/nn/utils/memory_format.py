"""Memory formats of weights, which are accepted and change nothing: see `tensor.layouts`."""

from __future__ import annotations

from typing import TypeVar

from tensor.layouts import memory_format as MemoryFormat
from tensor.nn.modules.conv import Conv2d, Conv3d, ConvTranspose2d, ConvTranspose3d
from tensor.nn.modules.module import Module

ModuleT = TypeVar("ModuleT", bound=Module)


def convert_conv2d_weight_memory_format(module: ModuleT, memory_format: MemoryFormat) -> ModuleT:
    """Return the module as it is, once its convolutions of images are found to have weights that can be laid out so.

    Args:
        module: with such convolutions, or one.
        memory_format: such as `tensor.channels_last`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.convert_conv2d_weight_memory_format.html
    """
    return _checked(module, memory_format, (Conv2d, ConvTranspose2d))


def convert_conv3d_weight_memory_format(module: ModuleT, memory_format: MemoryFormat) -> ModuleT:
    """Return the module as it is, once its convolutions of volumes are found to have weights that can be laid out so.

    Args:
        module: with such convolutions, or one.
        memory_format: such as `tensor.channels_last_3d`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.convert_conv3d_weight_memory_format.html
    """
    return _checked(module, memory_format, (Conv3d, ConvTranspose3d))


def _checked(module: ModuleT, memory_format: MemoryFormat, kinds: tuple[type[Module], ...]) -> ModuleT:
    for each in module.modules():
        if isinstance(each, kinds):
            each.weight.detach().contiguous(memory_format=memory_format)
    return module
