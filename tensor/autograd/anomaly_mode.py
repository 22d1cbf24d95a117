"""The blocks that turn anomaly mode on and off.

Source: https://docs.pytorch.org/docs/stable/autograd.html#anomaly-detection
"""

from __future__ import annotations

from tensor import anomaly


class set_detect_anomaly:  # noqa: N801 - PyTorch's name
    """Turn anomaly mode on or off: at once when called, until the block's end in `with`.

    While it is on, operations note where they are called, which is slow. If `backward` fails in one of them, the error
    carries a note with that line; if it gives nan, `backward` raises an error that names the line.

    Args:
        mode: Whether it is on, for the whole process.
        check_nan: Whether `backward` raises where a gradient is nan.
    """

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self._before = anomaly.enabled, anomaly.check_nan
        anomaly.switch(bool(mode), bool(check_nan))

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: object) -> None:
        anomaly.switch(*self._before)


class detect_anomaly:  # noqa: N801 - PyTorch's name
    """Turn anomaly mode on in a block; see `set_detect_anomaly`.

        with autograd.detect_anomaly():
            loss = model(batch).sum()
            loss.backward()

    Args:
        check_nan: Whether `backward` raises where a gradient is nan.
    """

    def __init__(self, check_nan: bool = True) -> None:
        self._check_nan = bool(check_nan)

    def __enter__(self) -> None:
        self._before = anomaly.enabled, anomaly.check_nan
        anomaly.switch(True, self._check_nan)

    def __exit__(self, *exc: object) -> None:
        anomaly.switch(*self._before)
