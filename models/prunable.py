"""Which weights a network can be without: those of its convolutions and linear layers."""

from torch import Tensor, nn

# Layer name -> bool tensor of the weight's shape; True = kept. A layer that is absent stays dense.
Masks = dict[str, Tensor]


def prunable(network: nn.Module) -> dict[str, nn.Conv2d | nn.Linear]:
    """Return the layers whose weights count, by name, in order; batch norm and biases are never pruned nor counted."""
    return {name: module for name, module in network.named_modules() if isinstance(module, nn.Conv2d | nn.Linear)}
