"""Special functions, under the names that PyTorch gives them here.

Source: https://docs.pytorch.org/docs/stable/special.html
"""

from tensor.nn.functional.logits import log_softmax, softmax
from tensor.ops.activations import sigmoid as expit
from tensor.ops.exponentials import exp2, expm1, log1p, logit, xlogy
from tensor.ops.logits import logsumexp
from tensor.ops.rounding import round
from tensor.ops.special import digamma, erf, erfc, erfinv
from tensor.ops.special import digamma as psi
from tensor.ops.special import lgamma as gammaln
from tensor.ops.trigonometry import sinc

__all__ = [
    "digamma",
    "erf",
    "erfc",
    "erfinv",
    "exp2",
    "expit",
    "expm1",
    "gammaln",
    "log1p",
    "log_softmax",
    "logit",
    "logsumexp",
    "psi",
    "round",
    "sinc",
    "softmax",
    "xlogy",
]
