"""GPUs of Apple's machines, which are not used."""


def is_available() -> bool:
    """Whether such a GPU can be used: no."""
    return False


def is_built() -> bool:
    """Whether this library can use one: no."""
    return False
