"""oneDNN, which is not what is computed with here."""


def is_available() -> bool:
    """Whether oneDNN is used: no."""
    return False
