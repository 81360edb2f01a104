"""Sparse networks of a run: at the weights of a narrower one, chosen before training or while it goes on.

Koutini 2021, Sec. 4 and App. A.4. Batch norm is neither pruned nor counted.
"""

from dataclasses import replace

import torch
from torch import Tensor, nn

from asc.description import RunDescription, SparsitySettings
from common.errors import ConfigError
from models.prunable import prunable
from models.pruning.allocation import allocate, shapes_of, sizes_of
from models.pruning.magnitude import least_kept, prune_smallest
from models.pruning.masks import random_masks
from models.resnet import AudioResNet, NetworkSettings
from models.weights.masked import lay_masks, present_masks, set_masks
from models.weights.sparse import lay_sparse


def count_weights(network: nn.Module) -> int:
    """Return how many weights `network` has that could be pruned."""
    return sum(layer.weight.numel() for layer in prunable(network).values())


def budget(network: NetworkSettings, sparsity: SparsitySettings) -> int:
    """Return how many weights are kept: those of the same network, `base_width` wide.

    Raises
    ------
    ConfigError
        If the network is the narrower one.
    """
    if network.width < sparsity.base_width:
        raise ConfigError("base_width", sparsity.base_width, f"at most the network's own width, {network.width}")
    with torch.device("meta"):
        return count_weights(AudioResNet(replace(network, width=sparsity.base_width)))


def lay_sparsity(network: AudioResNet, description: RunDescription) -> None:
    """Make a network sparse as its run begins: `static` keeps a random choice for good, `iterative` everything yet."""
    sparsity = description.weights.sparsity
    if sparsity is None:
        return
    kept = budget(description.network, sparsity)
    if sparsity.method == "iterative":
        lay_masks(network)
        least = sum(least_kept(sizes_of(shapes_of(network))).values())
        if kept < least:
            raise ConfigError("base_width", sparsity.base_width, f"one with {least} weights: 1 % of every layer stays")
        return
    masks = random_masks(
        network, allocate(network, kept, sparsity.allocation), description.seed, io_only=sparsity.io_only
    )
    # A layer that keeps everything is cheaper as it is.
    lay_sparse(network, {name: mask for name, mask in masks.items() if not mask.all()}, mask_init=sparsity.mask_init)


def _magnitudes(network: AudioResNet, of: str) -> dict[str, Tensor]:
    """Return each layer's weights: those trained, or those that a damped layer computes with."""
    layers = prunable(network)
    if of == "effective":
        return {name: layer.weight for name, layer in layers.items()}
    return {name: layer.get_parameter("parametrizations.weight.original") for name, layer in layers.items()}


@torch.no_grad()
def prune_before(epoch: int, network: AudioResNet, description: RunDescription) -> None:
    """Remove the weights whose turn it is before `epoch` (0, 1, ...) begins; what went by then stays away.

    Weights are ranked, on the network's device, only where the schedule removes some; what is gone is set to zero at
    every epoch, for an optimiser's momentum goes on moving it.
    """
    sparsity = description.weights.sparsity
    if sparsity is None or sparsity.method != "iterative":
        return
    total, least = count_weights(network), budget(description.network, sparsity)
    before, remaining = (sparsity.schedule.remaining(total, least, passed) for passed in (epoch - 2, epoch - 1))
    if remaining == total:
        return
    masks = present_masks(network)
    if remaining < before:
        masks = prune_smallest(_magnitudes(network, sparsity.magnitude), masks, remaining)
    set_masks(network, masks)
