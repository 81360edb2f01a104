"""Controls for pruning methods: shuffled masks with the same counts per layer, and new values under the same masks."""

import torch
from torch import nn

from models.generators import layer_generator
from models.prunable import Masks
from models.pruning.trial import values_of


def shuffled_within_layers(masks: Masks, seed: int) -> Masks:
    """Return masks with the same count per layer at random positions: the control for the positions of kept weights."""
    shuffled: Masks = {}
    for position, (name, mask) in enumerate(masks.items()):
        order = torch.randperm(mask.numel(), generator=layer_generator(seed, "shuffle", position))
        shuffled[name] = mask.flatten()[order].view(mask.shape)
    return shuffled


@torch.no_grad()
def reinitialise(network: nn.Module, seed: int) -> None:
    """Permute the initial values within each layer, in place: the control for the values of the kept weights.

    As all initialisations draw independent values, a permutation is equivalent to a new draw from the layer's
    distribution; layers of zeros stay zero. Call it before masks are laid over `network`.

    Raises
    ------
    ConfigError
        If a weight is not computed from one parameter of its own shape.
    """
    for position, value in enumerate(values_of(network).values()):
        order = torch.randperm(value.numel(), generator=layer_generator(seed, "reinitialise", position))
        value.copy_(value.flatten()[order.to(value.device)].view(value.shape))
