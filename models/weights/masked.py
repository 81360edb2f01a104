"""Masked dense weights M . V, with a mask M that may change during training."""

import torch
from torch import Tensor, nn

from common.errors import ConfigError
from models.prunable import Masks, prunable
from models.weights.laying import check_mask, free_layers, innermost, lay
from models.weights.sparse import SparseWeight


class MaskedWeight(nn.Module):
    """Parametrisation V -> M . V; masked entries and their gradients are exactly zero."""

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
    """Lay a mask of ones over each convolution and linear layer.

    Raises
    ------
    ConfigError
        If a layer already has a scheme; lay damping after this.
    """
    for layer in free_layers(network, prunable(network)).values():
        lay(layer, MaskedWeight(layer.weight.shape))


def present_masks(network: nn.Module) -> Masks:
    """Return the masks of all layers with masked or sparse weights, on the network's device, without copying.

    Dense layers are absent. `set_masks` changes masks of `lay_masks` in place; `masks_of` returns copies.
    """
    schemes = {name: innermost(layer) for name, layer in prunable(network).items()}
    return {
        name: scheme.mask.detach()
        for name, scheme in schemes.items()
        if isinstance(scheme, MaskedWeight | SparseWeight)
    }


def masks_of(network: nn.Module) -> Masks:
    """Return copies on the CPU of the masks of all layers with masked or sparse weights; dense layers are absent."""
    return {name: mask.cpu().clone() for name, mask in present_masks(network).items()}


@torch.no_grad()
def set_masks(network: nn.Module, masks: Masks) -> None:
    """Set the masks that `lay_masks` laid; layers that `masks` does not name become dense.

    Masked entries of V are set to zero, and start at zero if they are kept again. An optimizer's momentum may change
    masked entries of V, but not of M . V.

    Raises
    ------
    ConfigError
        If a layer has no mask of `lay_masks`, or its new mask does not fit; no mask is changed then.
    """
    layers = {name: layer for name, layer in prunable(network).items() if isinstance(innermost(layer), MaskedWeight)}
    for name in masks:
        if name not in layers:
            raise ConfigError("layer", name, f"a layer with a mask of lay_masks: {', '.join(layers) or 'none'}")
        check_mask(name, masks, layers[name].weight)
    for name, layer in layers.items():
        mask: Tensor = layer.get_buffer("parametrizations.weight.0.mask")
        weight = layer.get_parameter("parametrizations.weight.original")
        weight.masked_fill_(~mask, 0)
        mask.copy_(masks.get(name, torch.ones_like(mask)))
        weight.masked_fill_(~mask, 0)
