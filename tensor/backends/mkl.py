"""MKL, which is not what is computed with here."""


def is_available() -> bool:
    """Whether MKL is used: no."""
    return False
