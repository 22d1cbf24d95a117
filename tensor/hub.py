"""PyTorch's `torch.hub`, whose code and weights come from the network: nothing is fetched here.

Source: https://docs.pytorch.org/docs/stable/hub.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from tensor.errors import UnsupportedError

__all__ = ["download_url_to_file", "get_dir", "help", "list", "load", "load_state_dict_from_url", "set_dir"]


def _refused(name: str, advice: str) -> Callable[..., NoReturn]:
    def refuse(*args: Any, **options: Any) -> NoReturn:
        said = f" {args[0]!r}" if args and isinstance(args[0], str) else ""
        raise UnsupportedError(f"hub.{name}{said}: nothing is fetched from the network; {advice}")

    refuse.__name__ = refuse.__qualname__ = name
    refuse.__doc__ = f"Raise UnsupportedError: {advice}."
    return refuse


_CODE = "put the model's code beside yours and import it"
_FILES = "fetch the file yourself and give its path to tensor.load, which reads safetensors"

load = _refused("load", _CODE)
list = _refused("list", _CODE)
help = _refused("help", _CODE)
get_dir = _refused("get_dir", _FILES)
set_dir = _refused("set_dir", _FILES)
download_url_to_file = _refused("download_url_to_file", _FILES)
load_state_dict_from_url = _refused(
    "load_state_dict_from_url",
    "export the weights as docs/weights.md says, and load them with model.load_state_dict(tensor.load(path))",
)
