"""Allocations as computed by their authors' public code, for comparison with published numbers."""

from fractions import Fraction

from common.errors import ConfigError
from models.pruning.allocation import Counts, Shapes, check_budget, sizes_of


def epl_published(shapes: Shapes, budget: int) -> Counts:
    """Equal per layer as in Price 2021's code: the remainder of small layers goes to the last layer only.

    Weights that do not fit there, and fractions of a weight, are lost: the total is below the budget if the last layer
    is small. `equal_per_layer` meets the budget exactly.

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
    """Equal per filter as in Price 2021's code: the remainder of small layers and fractions of a weight are lost.

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
    """Largest layers first as in Golubeva 2021's code.

    The largest layers are cut to the size of the next largest, then by equal amounts; the rest is cut from the largest.

    Raises
    ------
    ConfigError
        If the budget is out of range, or so small that weights of the smallest layer, or more weights than the largest
        layer still has, would be removed: the published code stops there. `water_level` gives the same counts and has
        no such limit.
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
    raise ConfigError("budget", budget, "a number that keeps all weights of the smallest layer, or use water_level")
