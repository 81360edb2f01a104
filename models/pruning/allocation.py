"""Allocation of a total number of kept weights to layers."""

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Literal

from torch import nn

from common.errors import ConfigError, check_choice
from models.prunable import prunable

Shapes = Mapping[str, tuple[int, ...]]
Counts = dict[str, int]
AllocationName = Literal["water_level", "equal_per_layer", "equal_per_filter", "uniform", "erdos_renyi_kernel"]


def shapes_of(network: nn.Module) -> dict[str, tuple[int, ...]]:
    """Return the weight shapes of the prunable layers, by name, in order."""
    return {name: tuple(layer.weight.shape) for name, layer in prunable(network).items()}


def sizes_of(shapes: Shapes) -> Counts:
    """Return the number of weights of each layer."""
    return {name: math.prod(shape) for name, shape in shapes.items()}


def check_budget(sizes: Mapping[str, int], budget: int | Mapping[str, int]) -> None:
    """Raise ConfigError unless `budget`, in total or per layer, is from 0 to the number of weights."""
    limits: list[tuple[str, int, int | None]]
    if isinstance(budget, Mapping):
        limits = [(f"budget[{name}]", count, sizes.get(name)) for name, count in budget.items()]
    else:
        limits = [("budget", budget, sum(sizes.values()))]
    for field, count, total in limits:
        if total is None:
            raise ConfigError(field, count, f"layers are {', '.join(sizes)}")
        if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= total:
            raise ConfigError(field, count, f"a whole number of weights from 0 to {total}")


def water_level(shapes: Shapes, budget: int) -> Counts:
    """Keep min(size, cap) weights of each layer, where cap is the smallest integer that reaches the budget.

    The excess is removed from the largest layer, then from the next largest. Golubeva 2021, App. B ("largest layers
    first").

    Parameters
    ----------
    shapes
        Layer name -> weight shape, see `shapes_of`.
    budget
        Number of weights kept in total.

    Examples
    --------
    >>> water_level({"conv": (8, 1, 3, 3), "fc": (10, 32)}, budget=200)
    {'conv': 72, 'fc': 128}
    """
    sizes = sizes_of(shapes)
    check_budget(sizes, budget)
    below, cap = -1, max(sizes.values(), default=0)
    while cap - below > 1:
        middle = (below + cap) // 2
        if sum(min(size, middle) for size in sizes.values()) >= budget:
            cap = middle
        else:
            below = middle
    kept = {name: min(size, cap) for name, size in sizes.items()}
    excess = sum(kept.values()) - budget
    for name in sorted(sizes, key=sizes.__getitem__, reverse=True):
        given = min(excess, kept[name])
        kept[name] -= given
        excess -= given
    return kept


def _filled(sizes: Mapping[str, int], shares: Mapping[str, int], budget: int) -> Counts:
    """Keep min(size, level * share) weights of each layer, with the level that meets the budget.

    Computed in integers. The largest remainders are rounded up; of equal remainders, the first layer's is.
    """
    check_budget(sizes, budget)
    kept: Counts = {}
    left, total = budget, sum(shares.values())
    by_level = sorted(sizes, key=lambda name: Fraction(sizes[name], shares[name]))
    while by_level and sizes[by_level[0]] * total <= left * shares[by_level[0]]:
        name = by_level.pop(0)
        kept[name] = sizes[name]
        left, total = left - sizes[name], total - shares[name]
    open_layers = [name for name in sizes if name not in kept]
    kept |= {name: left * shares[name] // total for name in open_layers}
    spare = budget - sum(kept.values())
    for name in sorted(open_layers, key=lambda name: left * shares[name] % total, reverse=True)[:spare]:
        kept[name] += 1
    return {name: kept[name] for name in sizes}


def equal_per_layer(shapes: Shapes, budget: int) -> Counts:
    """Keep the same number of weights in each layer, and all weights of smaller layers. Price 2021.

    The remainder of small layers is distributed among the others. Counts differ from `water_level` by at most one.
    """
    return _filled(sizes_of(shapes), dict.fromkeys(shapes, 1), budget)


def equal_per_filter(shapes: Shapes, budget: int) -> Counts:
    """Keep the same number of weights per filter (output channel), and all weights of smaller layers. Price 2021."""
    return _filled(sizes_of(shapes), {name: shape[0] for name, shape in shapes.items()}, budget)


def uniform(shapes: Shapes, budget: int) -> Counts:
    """Keep the same share of the weights in each layer."""
    return _filled(sizes_of(shapes), sizes_of(shapes), budget)


def erdos_renyi_kernel(shapes: Shapes, budget: int) -> Counts:
    """Set the density of each layer proportional to sum(shape) / prod(shape), at most 1. Evci 2020."""
    return _filled(sizes_of(shapes), {name: sum(shape) for name, shape in shapes.items()}, budget)


ALLOCATIONS: dict[AllocationName, Callable[[Shapes, int], Counts]] = {
    "water_level": water_level,
    "equal_per_layer": equal_per_layer,
    "equal_per_filter": equal_per_filter,
    "uniform": uniform,
    "erdos_renyi_kernel": erdos_renyi_kernel,
}


def allocate(network: nn.Module, budget: int, name: AllocationName = "water_level") -> Counts:
    """Allocate `budget` kept weights to the prunable layers of `network`.

    Parameters
    ----------
    budget
        Number of weights kept in total.
    name
        Allocation method, see `ALLOCATIONS`.

    Returns
    -------
    Counts
        Layer name -> weights kept; they sum to exactly `budget`.

    Raises
    ------
    ConfigError
        If the budget is not a whole number from 0 to the number of prunable weights, or `name` is unknown.

    Examples
    --------
    >>> from models.registry import build, network_settings
    >>> allocate(build(network_settings("mlp", inputs=784, classes=10)), budget=5000, name="uniform")
    {'hidden': 4937, 'classifier': 63}
    """
    check_choice("allocation", name, AllocationName)
    return ALLOCATIONS[name](shapes_of(network), budget)
