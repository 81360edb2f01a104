"""Dense weights under a mask that may change during training: M . V, zeros staying zero."""

import torch
from torch import Tensor, nn

from common.errors import ConfigError
from models.prunable import Masks, prunable
from models.weights.laying import check_mask, free_layers, innermost, lay
from models.weights.sparse import SparseWeight


class MaskedWeight(nn.Module):
    """Parametrisation V -> M . V; a masked entry is exactly zero, and so is its gradient, whatever V holds there."""

    mask: Tensor

    def __init__(self, shape: torch.Size) -> None:
        super().__init__()
        self.register_buffer("mask", torch.ones(shape, dtype=torch.bool))

    def forward(self, weight: Tensor) -> Tensor:
        """Return `weight` with its masked entries set to zero."""
        return torch.where(self.mask, weight, 0.0)

    def right_inverse(self, weight: Tensor) -> Tensor:
        """Return `weight` with its masked entries set to zero."""
        return self.forward(weight)


def lay_masks(network: nn.Module) -> None:
    """Lay a mask, of all ones so far, over every convolution and linear layer.

    Raises
    ------
    ConfigError
        If a layer already has a scheme; lay damping after this.
    """
    for layer in free_layers(network, prunable(network)).values():
        lay(layer, MaskedWeight(layer.weight.shape))


def present_masks(network: nn.Module) -> Masks:
    """Return, on the network's device, what every layer with masked or sparse weights keeps; dense ones are absent.

    The masks of `lay_masks` are the layers' own, which `set_masks` changes; see `masks_of` for copies.
    """
    schemes = {name: innermost(layer) for name, layer in prunable(network).items()}
    return {
        name: scheme.mask.detach()
        for name, scheme in schemes.items()
        if isinstance(scheme, MaskedWeight | SparseWeight)
    }


def masks_of(network: nn.Module) -> Masks:
    """Return, on the CPU, what every layer with masked or sparse weights keeps; dense layers are absent."""
    return {name: mask.cpu().clone() for name, mask in present_masks(network).items()}


@torch.no_grad()
def set_masks(network: nn.Module, masks: Masks) -> None:
    """Set the masks that `lay_masks` laid; a layer that `masks` does not name becomes dense.

    What is masked is zero in V too from here on, and starts from zero if it is ever kept again: an optimiser that still
    has momentum for it may move V meanwhile, never M . V.

    Raises
    ------
    ConfigError
        If a layer has no changeable mask or its mask does not fit. Nothing is changed then.
    """
    layers = {name: layer for name, layer in prunable(network).items() if isinstance(innermost(layer), MaskedWeight)}
    for name in masks:
        if name not in layers:
            raise ConfigError(
                "layer", name, f"a layer that lay_masks has laid a mask on: {', '.join(layers) or 'none'}"
            )
        check_mask(name, masks, layers[name].weight)
    for name, layer in layers.items():
        mask: Tensor = layer.get_buffer("parametrizations.weight.0.mask")
        weight = layer.get_parameter("parametrizations.weight.original")
        weight.masked_fill_(~mask, 0)
        mask.copy_(masks.get(name, torch.ones_like(mask)))
        weight.masked_fill_(~mask, 0)
