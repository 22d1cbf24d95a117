"""What runs inside a worker: predictors, trainers, the rows they get, the messages they answer."""

import tensor

if getattr(tensor, "__distribution__", None) != "shoal":
    raise ImportError(
        f"'tensor' was imported from {tensor.__file__ or list(tensor.__path__)}, which is not shoal's: a folder or "
        "file of yours named 'tensor' hides it. Rename yours, or start Python elsewhere; `shoal doctor` tells more",
        name="tensor",
    )

from workers.batching import BatchPolicy
from workers.errors import ColumnsError, PredictorError, SourceError, WorkersError
from workers.protocols import Predictor, Trainer
from workers.ragged import Ragged
from workers.weights import WeightSnapshot

__distribution__ = "shoal"

__all__ = [
    "BatchPolicy",
    "ColumnsError",
    "Predictor",
    "PredictorError",
    "Ragged",
    "SourceError",
    "Trainer",
    "WeightSnapshot",
    "WorkersError",
]
