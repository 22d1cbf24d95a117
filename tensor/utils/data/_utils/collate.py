"""The older home of `tensor.utils.data.default_collate`."""

from tensor.utils.data.collate import default_collate, default_convert

__all__ = ["default_collate", "default_convert"]
