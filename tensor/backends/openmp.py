"""OpenMP, which is not what is computed with here."""


def is_available() -> bool:
    """Whether OpenMP is used: no."""
    return False
