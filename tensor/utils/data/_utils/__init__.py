"""Where PyTorch keeps what `tensor.utils.data` exports; old code looks for it here."""

from tensor.utils.data._utils import collate, pin_memory

__all__ = ["collate", "pin_memory"]
