"""Resampling to other sizes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tensor.nn import functional as F
from tensor.nn.functional.windows import Sizes
from tensor.nn.modules.module import Module
from tensor.tensors import Tensor


class Upsample(Module):
    """Resample sequences, images or volumes to other sizes.

    Args:
        size: of the result's dimensions after the channels.
        scale_factor: what to multiply the input's sizes by, in place of `size`.
        mode: `nearest`, `nearest-exact`, `linear`, `bilinear`, `bicubic`, `trilinear` or `area`; see `F.interpolate`.
        align_corners: whether the centres of the corners stay where they are, rather than the corners themselves.
        recompute_scale_factor: whether to use the ratio of the sizes, which are integers, in place of the factor.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Upsample.html
    """

    def __init__(
        self,
        size: Sizes | None = None,
        scale_factor: float | Sequence[float] | None = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None:
        super().__init__()
        self.name = type(self).__name__
        self.size = size
        self.scale_factor: float | tuple[float, ...] | None
        if isinstance(scale_factor, Iterable):
            self.scale_factor = tuple([float(factor) for factor in scale_factor])
        else:
            self.scale_factor = float(scale_factor) if scale_factor else None
        self.mode = mode
        self.align_corners = align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, input: Tensor) -> Tensor:
        """Resample.

        Args:
            input: (N, C, ...), with one to three further dimensions.

        Returns:
            The same with other last sizes.
        """
        return F.interpolate(
            input,
            self.size,
            self.scale_factor,
            self.mode,
            self.align_corners,
            recompute_scale_factor=self.recompute_scale_factor,
        )

    def extra_repr(self) -> str:
        """Return the layer's settings."""
        factor = self.scale_factor
        wanted = f"size={self.size!r}" if factor is None else f"scale_factor={factor!r}"
        return f"{wanted}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """Resample images by repeating the nearest place: an older name of `Upsample`.

    Args:
        size: of the result's last two dimensions.
        scale_factor: what to multiply the input's sizes by, in place of `size`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.UpsamplingNearest2d.html
    """

    def __init__(self, size: Sizes | None = None, scale_factor: float | Sequence[float] | None = None) -> None:
        super().__init__(size, scale_factor, mode="nearest")


class UpsamplingBilinear2d(Upsample):
    """Resample images linearly, the corners' centres fixed: an older name of `Upsample`.

    Args:
        size: of the result's last two dimensions.
        scale_factor: what to multiply the input's sizes by, in place of `size`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.UpsamplingBilinear2d.html
    """

    def __init__(self, size: Sizes | None = None, scale_factor: float | Sequence[float] | None = None) -> None:
        super().__init__(size, scale_factor, mode="bilinear", align_corners=True)
