"""PyTorch's `torch.utils.tensorboard`, which writes training curves: the package tensorboardX does it here.

Source: https://docs.pytorch.org/docs/stable/tensorboard.html
"""

try:
    from tensorboardX import SummaryWriter
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "tensor.utils.tensorboard needs the package tensorboardX, whose SummaryWriter is called like PyTorch's: "
        "pip install tensorboardX",
        name=error.name,
    ) from None

__all__ = ["SummaryWriter"]
