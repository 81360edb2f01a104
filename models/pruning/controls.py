"""Controls: what is left of a method's success when only its counts per layer, or only its masks, are kept."""

import torch
from torch import nn

from models.generators import layer_generator
from models.prunable import Masks
from models.pruning.trial import values_of


def shuffled_within_layers(masks: Masks, seed: int) -> Masks:
    """Return masks that keep equally many weights of each layer, at other places: the control for where they are."""
    shuffled: Masks = {}
    for position, (name, mask) in enumerate(masks.items()):
        order = torch.randperm(mask.numel(), generator=layer_generator(seed, "shuffle", position))
        shuffled[name] = mask.flatten()[order].view(mask.shape)
    return shuffled


@torch.no_grad()
def reinitialise(network: nn.Module, seed: int) -> None:
    """Deal each layer's initial values anew among its positions, in place: the control for which values masks met.

    For independent values, as every initialisation here draws them, this is a fresh draw from the layer's own law,
    known or not; layers that start at zero stay zero. Do it before masks are laid over `network`.

    Raises
    ------
    ConfigError
        If a weight is not computed from one parameter of its own shape.
    """
    for position, value in enumerate(values_of(network).values()):
        order = torch.randperm(value.numel(), generator=layer_generator(seed, "reinitialise", position))
        value.copy_(value.flatten()[order.to(value.device)].view(value.shape))
