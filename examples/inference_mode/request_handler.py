"""An async request handler: the decorator works on `async def`, and tasks in other modes run beside it."""

import asyncio

import tensor
from tensor import nn

tensor.manual_seed(0)
model = nn.Linear(4, 2)


@tensor.inference_mode
async def handle(request: list[float]) -> dict[str, object]:
    await asyncio.sleep(0)  # as when it waits for a database: others run, in modes of their own
    scores = model(tensor.tensor([request]))
    return {"label": int(scores.argmax(dim=1)), "inference": scores.is_inference()}


async def train_a_little() -> float:
    """A task beside the handlers, on the normal gradient path."""
    loss = model(tensor.randn(8, 4)).square().mean()
    await asyncio.sleep(0)
    loss.backward()
    return float(model.weight.grad.abs().sum())


async def main() -> None:
    requests = [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]]
    *answers, gradient = await asyncio.gather(*(handle(request) for request in requests), train_a_little())
    for answer in answers:
        print(answer)
    print("gradients flowed beside them:", gradient > 0)


asyncio.run(main())
