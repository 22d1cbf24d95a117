"""How much of a tensor is printed, and how its floats are written."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from tensor.errors import ArgumentError


@dataclass(frozen=True, kw_only=True, slots=True)
class PrintOptions:
    """What `set_printoptions` sets.

    Args:
        precision: How many digits floats have after the point.
        threshold: More elements than this are not all shown.
        edgeitems: How many are shown at each end of a dimension then.
        linewidth: After how many characters a line ends.
        sci_mode: Whether floats are written in powers of ten; `None` to decide by the values.
    """

    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None

    def __post_init__(self) -> None:
        for name in ("precision", "threshold", "edgeitems", "linewidth"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
                raise ArgumentError(f"set_printoptions: {name} must be a number that is not negative, got {value!r}")


_PROFILES = {
    "default": PrintOptions(),
    "short": PrintOptions(precision=2, edgeitems=2),
    "full": PrintOptions(threshold=math.inf),
}
current = PrintOptions()


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Say how tensors are printed from now on. What is not given stays, except for `sci_mode`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.set_printoptions.html

    Args:
        precision: How many digits floats have after the point; at first 4.
        threshold: More elements than this are not all shown; at first 1000.
        edgeitems: How many are shown at each end of a dimension then; at first 3.
        linewidth: After how many characters a line ends; at first 80.
        profile: `"default"`, `"short"` or `"full"`: a choice of all of these, which the others then change.
        sci_mode: Whether floats are written in powers of ten; `None` to decide by the values.

    Raises:
        ArgumentError: There is no such profile, or a number is negative.
    """
    global current
    if profile is not None and profile not in _PROFILES:
        raise ArgumentError(f"set_printoptions: profile must be one of {sorted(_PROFILES)}, got {profile!r}")
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    chosen = {name: value for name, value in given.items() if value is not None}
    current = replace(current if profile is None else _PROFILES[profile], **chosen, sci_mode=sci_mode)  # type: ignore[arg-type]
