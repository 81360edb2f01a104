"""Prunable layers: convolutions and linear layers."""

from torch import Tensor, nn

# Layer name -> bool tensor of the weight's shape; True = kept. Layers without a mask stay dense.
Masks = dict[str, Tensor]


def prunable(network: nn.Module) -> dict[str, nn.Conv2d | nn.Linear]:
    """Return the convolutions and linear layers by name, in order; batch norm and biases are never pruned."""
    return {name: module for name, module in network.named_modules() if isinstance(module, nn.Conv2d | nn.Linear)}
