"""Network architectures, weight schemes, pruning, receptive field and complexity."""
