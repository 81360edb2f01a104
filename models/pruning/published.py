"""Allocations as their authors' public code computes them, for comparing with published numbers."""

from fractions import Fraction

from common.errors import ConfigError
from models.pruning.allocation import Counts, Shapes, check_budget, sizes_of


def epl_published(shapes: Shapes, budget: int) -> Counts:
    """Equal per layer as Price 2021's code: what small layers leave over goes to the last layer alone.

    What does not fit there, and every fraction of a weight, is lost: the total falls short of the budget where the
    last layer is small. `equal_per_layer` is the same idea without the loss.

    Raises
    ------
    ConfigError
        If the budget is not a whole number from 0 to the number of weights.
    """
    sizes = sizes_of(shapes)
    check_budget(sizes, budget)
    share = Fraction(budget, len(sizes))
    kept = {name: min(Fraction(size), share) for name, size in sizes.items()}
    last = list(sizes)[-1]
    kept[last] = min(Fraction(sizes[last]), kept[last] + budget - sum(kept.values()))
    return {name: int(count) for name, count in kept.items()}


def epf_published(shapes: Shapes, budget: int) -> Counts:
    """Equal per filter as Price 2021's code: what small layers leave over, and every fraction of a weight, is lost.

    Raises
    ------
    ConfigError
        If the budget is not a whole number from 0 to the number of weights.
    """
    sizes = sizes_of(shapes)
    check_budget(sizes, budget)
    filters = {name: shape[0] for name, shape in shapes.items()}
    return {name: min(size, budget * filters[name] // sum(filters.values())) for name, size in sizes.items()}


def golubeva_published(shapes: Shapes, budget: int) -> Counts:
    """Largest layers first as Golubeva 2021's code: whole bins of the largest layers, then evenly, then the largest.

    Raises
    ------
    ConfigError
        If the budget is out of range, or so small that the smallest layer, or more than the largest layer's rest,
        would have to be cut: the published code stops there. `water_level` gives the same counts and goes on.
    """
    sizes = sizes_of(shapes)
    check_budget(sizes, budget)
    names = sorted(sizes, key=sizes.__getitem__, reverse=True)
    remove = sum(sizes.values()) - budget
    for k in range(1, len(names)):
        base = [sizes[name] - sizes[names[k - 1]] for name in names[:k]]
        below = sizes[names[k - 1]] - sizes[names[k]]
        if remove > sum(base) + k * below:
            continue
        even, rest = divmod(remove - sum(base), k)
        kept = sizes | {name: sizes[names[k - 1]] - even for name in names[:k]}
        kept[names[0]] -= rest
        if kept[names[0]] < 0:
            break
        return kept
    raise ConfigError("budget", budget, "what leaves the smallest layer whole, or use water_level")
