"""Masks of kept weights: random, or by the highest scores."""

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
    """Return masks that keep `counts[layer]` weights at positions drawn uniformly without replacement.

    Parameters
    ----------
    counts
        Layer name -> number of kept weights, see `models.pruning.allocation`. Layers without a count stay dense.
    seed
        The same seed gives the same masks, independent of earlier draws.
    io_only
        Keep or remove whole kernels, one per pair of input and output channel (Golubeva 2021, App. C). The count of a
        layer is rounded to whole kernels and the remainder is added to the next layer, so that the error of the total
        is less than a kernel.

    Raises
    ------
    ConfigError
        If a layer does not exist, or a count is negative or above the number of weights.

    Examples
    --------
    >>> layer = nn.Sequential(nn.Linear(100, 10))
    >>> masks = random_masks(layer, {"0": 50}, seed=0)
    >>> masks["0"].shape, int(masks["0"].sum())
    (torch.Size([10, 100]), 50)
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
    """Return the entry of flat `scores` at `rank` (0, 1, ...) in ascending order."""
    # torch's kthvalue is many times slower than numpy on the CPU, and not available on a GPU in deterministic mode.
    if scores.device.type == "cpu":
        return float(np.partition(scores.numpy(), rank)[rank])
    return float(scores.sort().values[rank])


def _best(scores: Tensor, count: int) -> Tensor:
    """Return a mask of the `count` highest entries of flat `scores`; of equal entries the first are kept."""
    if count == 0:
        return torch.zeros_like(scores, dtype=torch.bool)
    least = _ranked(scores, len(scores) - count)
    kept = scores > least
    ties = (scores == least).nonzero().squeeze(1)
    kept[ties[: count - int(kept.count_nonzero())]] = True
    return kept


def masks_from_scores(scores: Mapping[str, Tensor], budget: int | Counts) -> Masks:
    """Return masks that keep the weights with the highest scores.

    Of equal scores the first is kept: by layer, then by position in the flattened weight.

    Parameters
    ----------
    scores
        Layer name -> scores of the weight's shape; minus infinity is the lowest.
    budget
        Number of weights kept in total, ranked over all layers; or layer name -> number of weights kept, ranked within
        each layer. Layers without a number then stay dense.

    Returns
    -------
    Masks
        Bool tensors on the device of the scores.

    Raises
    ------
    ConfigError
        If the budget is negative or larger than the number of scores, or names a layer without scores.
    DataError
        If a score is NaN.

    Examples
    --------
    >>> masks_from_scores({"fc": torch.tensor([[0.1, 0.9], [0.5, 0.2]])}, budget=2)
    {'fc': tensor([[False,  True],
            [ True, False]])}
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
    """Return the number of weights that each mask keeps."""
    return {name: int(mask.count_nonzero()) for name, mask in masks.items()}
