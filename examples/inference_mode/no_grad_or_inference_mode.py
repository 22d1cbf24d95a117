"""`no_grad` and `inference_mode` side by side: the same numbers, another promise."""

import tensor
from tensor import nn
from tensor.nn import functional as F

tensor.manual_seed(0)
teacher, student = nn.Linear(4, 2), nn.Linear(4, 2)
x = tensor.randn(16, 4)

with tensor.no_grad():
    soft = teacher(x)  # not recorded, and free for any use, training included
with tensor.inference_mode():
    hard = teacher(x)  # not recorded, and inference-only for good

print("same numbers:", bool((soft == hard).all()), "| marked:", soft.is_inference(), hard.is_inference())

F.mse_loss(student(x), soft).backward()  # distillation: targets from no_grad
print("trained on no_grad's:", student.weight.grad is not None)

try:
    F.mse_loss(student(x), hard).backward()
except tensor.InferenceTensorError as error:
    print("trained on inference_mode's:", type(error).__name__)

F.mse_loss(student(x), tensor.as_training_data(hard)).backward()  # the one door out: a copy, and it is counted
print("copies let out:", tensor.training_copies())

with tensor.no_grad(), tensor.enable_grad():
    print("no_grad can be undone inside:", tensor.is_grad_enabled())
try:
    with tensor.inference_mode(), tensor.enable_grad():
        pass
except tensor.InferenceModeError as error:
    print("inference_mode cannot:", type(error).__name__)
