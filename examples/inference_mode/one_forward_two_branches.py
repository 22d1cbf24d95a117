"""One forward function with a training and an inference branch: it asks which mode it runs in."""

import tensor
from tensor import nn
from tensor.nn import functional as F


class Tagger(nn.Module):
    """Training wants a loss over all classes; inference wants the best three, and their probabilities."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(8, 32), nn.ReLU())
        self.head = nn.Linear(32, 20)

    def forward(self, x: tensor.Tensor, target: tensor.Tensor | None = None):
        logits = self.head(self.body(x))
        if tensor.is_inference_mode_enabled():
            probabilities = logits.softmax(dim=1)
            best = [int(label) for label in (-probabilities).numpy().argsort(axis=1)[0, :3]]
            return best, probabilities
        return F.cross_entropy(logits, target)


tensor.manual_seed(0)
model = Tagger()
x, target = tensor.randn(5, 8), tensor.randint(0, 20, (5,))

loss = model(x, target)
loss.backward()
print("training branch: a loss with a graph:", loss.grad_fn is not None)

with tensor.inference_mode():
    best, probabilities = model(x)
print("inference branch: best of the first row:", best, "| inference-only:", probabilities.is_inference())
