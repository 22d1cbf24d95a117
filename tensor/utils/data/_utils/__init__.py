"""Where PyTorch keeps what `tensor.utils.data` exports; old code looks for it here."""

from tensor.utils.data._utils import collate

__all__ = ["collate"]
