"""Iterative magnitude pruning during training: schedule and selection of the removed weights. Koutini 2021."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from common.errors import ConfigError, DataError
from models.prunable import Masks
from models.pruning.masks import counts_of, masks_from_scores


@dataclass(frozen=True, kw_only=True)
class MagnitudeSchedule:
    """Number of weights removed at the end of each epoch, which decays exponentially until the budget is met.

    Parameters
    ----------
    first_epoch
        First epoch (counted from 0) after which weights are removed. The default is the end of the warm-up, as before
        it the weights of layers that start at zero are still the smallest.
    epochs
        Number of epochs after which weights are removed; the budget is met after the last of them.
    time_constant
        Epochs in which the number of removed weights falls to 1/e.

    Examples
    --------
    >>> schedule = MagnitudeSchedule(first_epoch=1, epochs=3, time_constant=1.0)
    >>> [schedule.remaining(total=1000, budget=100, epoch=epoch) for epoch in range(5)]
    [1000, 402, 182, 100, 100]
    """

    first_epoch: int = 20
    epochs: int = 200
    time_constant: float = 50.0

    def __post_init__(self) -> None:
        """Check every setting."""
        for field, least in (("first_epoch", 0), ("epochs", 1)):
            if getattr(self, field) < least:
                raise ConfigError(field, getattr(self, field), f"a whole number of at least {least}")
        if not self.time_constant > 0:
            raise ConfigError("time_constant", self.time_constant, "a number above 0")

    def remaining(self, total: int, budget: int, epoch: int) -> int:
        """Return how many of `total` weights remain after `epoch` (counted from 0), if `budget` remain at the end."""
        passed = epoch - self.first_epoch + 1
        if passed >= self.epochs:
            return budget
        gone = math.expm1(-max(passed, 0) / self.time_constant) / math.expm1(-self.epochs / self.time_constant)
        return total - int(gone * (total - budget))


def least_kept(sizes: Mapping[str, int], most_sparse: float = 0.99) -> dict[str, int]:
    """Return the minimum number of weights of each layer, so that its sparsity is at most `most_sparse`.

    Raises
    ------
    ConfigError
        If `most_sparse` is outside 0 to 1.
    """
    if not 0 <= most_sparse <= 1:
        raise ConfigError("most_sparse", most_sparse, "a number from 0 to 1")
    return {name: size - math.floor(most_sparse * size) for name, size in sizes.items()}


@torch.no_grad()
def prune_smallest(weights: Mapping[str, Tensor], masks: Masks, remaining: int, *, most_sparse: float = 0.99) -> Masks:
    """Remove the kept weights of the smallest magnitude over all layers until `remaining` are left.

    Layers whose sparsity is `most_sparse` lose no more weights; the other layers lose more instead. Of equal weights
    the later one is removed, see `masks_from_scores`.

    Parameters
    ----------
    weights
        Layer name -> the tensor that is ranked by magnitude: W, or the damped weight W . C.
    masks
        Layer name -> bool tensor of the kept weights, for the same layers.

    Returns
    -------
    Masks
        Subsets of the given masks, each on the device of its weight.

    Raises
    ------
    ConfigError
        If `remaining` is above the number of kept weights, or below the minimum of all layers, see `least_kept`.
    DataError
        If a weight is not finite.
    """
    finite = torch.stack([weight.isfinite().all() for weight in weights.values()]).tolist()
    broken = [name for name, whole in zip(weights, finite, strict=True) if not whole]
    if broken:
        raise DataError(f"weights of {', '.join(broken)} are not finite: training has diverged")
    kept = counts_of(masks)
    floors = least_kept({name: weight.numel() for name, weight in weights.items()}, most_sparse)
    floors = {name: min(kept[name], least) for name, least in floors.items()}
    if not sum(floors.values()) <= remaining <= sum(kept.values()):
        allowed = f"from {sum(floors.values())} (no layer more than {most_sparse:.1%} sparse) to {sum(kept.values())}"
        raise ConfigError("remaining", remaining, allowed)
    sizes = {
        name: weight.abs().masked_fill(~masks[name].to(weight.device), -torch.inf) for name, weight in weights.items()
    }
    safe = masks_from_scores(sizes, floors)
    return masks_from_scores({name: size.masked_fill(safe[name], torch.inf) for name, size in sizes.items()}, remaining)
