"""NumPy tensor and autograd core, with PyTorch's names and a stricter inference mode."""
