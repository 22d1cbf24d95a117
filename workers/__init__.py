"""What runs inside a worker: predictors, trainers, messages, weights."""
