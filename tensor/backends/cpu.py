"""What the CPU can do."""


def get_cpu_capability() -> str:
    """Return the kind of vector instructions that PyTorch would choose; NumPy chooses its own."""
    return "DEFAULT"
