"""Architectures, the schemes laid over their weights, receptive field and complexity."""
