"""The operations, one family a file: kernels, gradient rules, and the functions that users call."""
