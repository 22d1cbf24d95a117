"""Numbers of 8 bits: PyTorch's `torch.ao.quantization`. There are none here; where models ask for them, floats go on.

`QuantStub` and `DeQuantStub` change nothing, as in PyTorch until a model is converted; what converts is refused.
Source: https://docs.pytorch.org/docs/stable/quantization.html
"""

from __future__ import annotations

from typing import Any

from tensor.nn.modules.module import Module
from tensor.refused import refused
from tensor.tensors import Tensor

__all__ = [
    "DeQuantStub",
    "QConfig",
    "QuantStub",
    "QuantWrapper",
    "convert",
    "fuse_modules",
    "fuse_modules_qat",
    "get_default_qat_qconfig",
    "get_default_qat_qconfig_mapping",
    "get_default_qconfig",
    "get_default_qconfig_mapping",
    "prepare",
    "prepare_qat",
    "quantize",
    "quantize_dynamic",
    "quantize_qat",
]


class _Stub(Module):
    def __init__(self, qconfig: Any = None) -> None:
        super().__init__()
        if qconfig is not None:
            self.qconfig = qconfig

    def forward(self, x: Tensor) -> Tensor:
        """Return the input."""
        return x


class QuantStub(_Stub):
    """Where a converted model would begin to compute with 8 bits; it returns its input.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.ao.quantization.QuantStub.html
    """


class DeQuantStub(_Stub):
    """Where a converted model would return to floats; it returns its input.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.ao.quantization.DeQuantStub.html
    """


class QuantWrapper(Module):
    """A module between a `QuantStub` and a `DeQuantStub`.

    Args:
        module: the module.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.ao.quantization.QuantWrapper.html
    """

    def __init__(self, module: Module) -> None:
        super().__init__()
        qconfig = getattr(module, "qconfig", None)
        self.quant = QuantStub(qconfig)
        self.dequant = DeQuantStub(qconfig)
        self.module = module
        self.train(module.training)

    def forward(self, X: Any) -> Any:  # noqa: N803 - PyTorch's name
        """Call the module."""
        return self.dequant(self.module(self.quant(X)))


_WHY = "there are no 8-bit numbers here; keep the model in floats, for which half() and bfloat16() take less memory"
_FUSE = "layers are fused for 8-bit numbers, which there are none of; nn.utils.fuse_conv_bn_eval fuses batch norms"

QConfig = refused("QConfig", _WHY)
convert = refused("convert", _WHY)
fuse_modules = refused("fuse_modules", _FUSE)
fuse_modules_qat = refused("fuse_modules_qat", _FUSE)
get_default_qat_qconfig = refused("get_default_qat_qconfig", _WHY)
get_default_qat_qconfig_mapping = refused("get_default_qat_qconfig_mapping", _WHY)
get_default_qconfig = refused("get_default_qconfig", _WHY)
get_default_qconfig_mapping = refused("get_default_qconfig_mapping", _WHY)
prepare = refused("prepare", _WHY)
prepare_qat = refused("prepare_qat", _WHY)
quantize = refused("quantize", _WHY)
quantize_dynamic = refused("quantize_dynamic", _WHY)
quantize_qat = refused("quantize_qat", _WHY)
