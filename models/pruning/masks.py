"""Which weights are kept: at random, or those with the best scores."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from common.errors import DataError
from models.generators import layer_generator
from models.prunable import Masks, prunable
from models.pruning.allocation import Counts, check_budget, shapes_of, sizes_of


def _random_positions(size: int, count: int, generator: torch.Generator) -> Tensor:
    kept = torch.zeros(size, dtype=torch.bool)
    kept[torch.randperm(size, generator=generator)[:count]] = True
    return kept


def random_masks(network: nn.Module, counts: Counts, seed: int, *, io_only: bool = False) -> Masks:
    """Keep `counts[layer]` weights of each layer, at positions drawn uniformly without replacement.

    Parameters
    ----------
    counts
        Layer name -> weights kept, see `allocation`. A layer that is absent stays dense.
    seed
        The same seed gives the same masks, whatever was drawn before.
    io_only
        Keep or remove whole kernels, one per pair of input and output channel (Golubeva 2021, App. C): a layer's count
        is then rounded to whole kernels, and the next layer keeps what is left over, so that the total is off by less
        than a kernel.

    Raises
    ------
    ConfigError
        If a layer does not exist, or is to keep fewer weights than none or more than it has.
    """
    masks: Masks = {}
    layers = prunable(network)
    check_budget(sizes_of(shapes_of(network)), counts)
    left = 0
    for position, (name, layer) in enumerate(layers.items()):
        if name not in counts:
            continue
        shape, size = layer.weight.shape, layer.weight.numel()
        area = shape[2:].numel() if io_only else 1
        wanted = counts[name] + left
        kernels = min(max((2 * wanted + area) // (2 * area), 0), size // area)
        left = wanted - kernels * area
        masks[name] = _random_positions(size // area, kernels, layer_generator(seed, "mask", position))
        masks[name] = masks[name].repeat_interleave(area).view(shape)
    return masks


def _ranked(scores: Tensor, rank: int) -> float:
    """Return the entry of flat `scores` that stands at `rank` (0, 1, ...) in ascending order."""
    # torch's kthvalue takes many times as long as numpy on the CPU and is refused on a deterministic GPU.
    if scores.device.type == "cpu":
        return float(np.partition(scores.numpy(), rank)[rank])
    return float(scores.sort().values[rank])


def _best(scores: Tensor, count: int) -> Tensor:
    """Mark exactly `count` entries of flat `scores`, the highest; of equal ones those that come first."""
    if count == 0:
        return torch.zeros_like(scores, dtype=torch.bool)
    least = _ranked(scores, len(scores) - count)
    kept = scores > least
    ties = (scores == least).nonzero().squeeze(1)
    kept[ties[: count - int(kept.count_nonzero())]] = True
    return kept


def masks_from_scores(scores: Mapping[str, Tensor], budget: int | Counts) -> Masks:
    """Keep exactly as many weights as asked, those with the highest scores.

    Of equal scores the weight that comes first is kept: earlier layer, then earlier position in the weight's own order.

    Parameters
    ----------
    scores
        Layer name -> score per weight, in the weight's shape. Minus infinity comes last.
    budget
        Weights kept over all layers, ranked together; or layer name -> weights kept, ranked within each layer. A layer
        that is absent then stays dense.

    Returns
    -------
    Masks
        On the scores' device.

    Raises
    ------
    ConfigError
        If the budget is negative or larger than the number of scores, or names a layer that has none.
    DataError
        If a score is not a number.
    """
    flat = {name: score.detach().flatten() for name, score in scores.items()}
    flat = {name: score.to(torch.promote_types(score.dtype, torch.float32)) for name, score in flat.items()}
    undefined = [name for name, score in flat.items() if bool(score.isnan().any())]
    if undefined:
        raise DataError(f"scores of {', '.join(undefined)} are not numbers")
    sizes = {name: score.numel() for name, score in flat.items()}
    check_budget(sizes, budget)
    if isinstance(budget, int):
        parts = torch.split(_best(torch.cat(list(flat.values())), budget), list(sizes.values()))
        kept = dict(zip(sizes, parts, strict=True))
    else:
        kept = {name: _best(flat[name], count) for name, count in budget.items()}
    return {name: mask.clone().view(scores[name].shape) for name, mask in kept.items()}


def counts_of(masks: Masks) -> Counts:
    """Return how many weights each mask keeps."""
    return {name: int(mask.count_nonzero()) for name, mask in masks.items()}
