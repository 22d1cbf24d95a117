"""Settings of PyTorch's compiler: any can be set, and none has an effect."""
