"""Theorem 1 by drawing masks, for any number of inputs, with the error that drawing leaves.

A mask changes the overlap of a pair by little, so most of what it does to a kernel is linear in that change, whose mean
is known to be zero. The kernel's regression on its own linearisation (a control variate) takes that part out. Empty
masks, nearly all of them where there are fewer weights than units, are counted without being drawn.

All pairs see the same masks, which makes drawing a matrix product; the error of a mean over pairs therefore does not
fall with their number, and is found by leaving out one group of masks at a time (the jackknife).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.errors import ConfigError
from evaluation.kernels.arc_cosine import arc_cosine_gradients, arc_cosine_kernels, over
from evaluation.kernels.distance import KernelDistance, from_masked_kernels
from evaluation.kernels.pairs import Floats, Overlap, Pairs, check_density

_CELLS = 500_000  # mask x pair, in memory at a time


@dataclass(frozen=True)
class SampledDistance:
    """What all masks say, and what they say without each group of them in turn."""

    whole: KernelDistance
    without: tuple[KernelDistance, ...]

    def squared(self, width: int) -> tuple[Floats, Floats]:
        """Return the mean squared distance at a width, and its standard error, each (pair,)."""
        return self._with_error(lambda distance: distance.squared(width))

    def mean_squared(self, width: int) -> tuple[float, float]:
        """Return the mean over pairs of the squared distance at a width, and the standard error that masks leave."""
        value, error = self._with_error(lambda distance: distance.squared(width).mean(keepdims=True))
        return float(value[0]), float(error[0])

    def _with_error(self, statistic: Callable[[KernelDistance], Floats]) -> tuple[Floats, Floats]:
        values = np.stack([statistic(distance) for distance in self.without])
        return statistic(self.whole), np.asarray(np.sqrt((len(values) - 1) * values.var(axis=0)))


def _sums(change: Floats, control: Floats) -> Floats:
    """Return the sums over masks that a regression through known means needs, (5, pair)."""
    squares = [np.einsum("mp,mp->p", *both) for both in ((change, change), (change, control), (control, control))]
    return np.stack([change.sum(axis=0), control.sum(axis=0), *squares])


def _regression(sums: Floats, count: int, at: Floats) -> tuple[Floats, Floats]:
    """Return the mean of the change where that of the control is `at`, and its standard error, each (pair,)."""
    change, control, change_square, product, control_square = sums / count
    variance, covariance = control_square - control**2, product - change * control
    slope = over(covariance, variance)
    residual = np.maximum(change_square - change**2 - slope * covariance, 0.0)
    return change + slope * (at - control), np.sqrt(residual / (count - 2))


def nonempty_masks(count: int, inputs: int, density: float, generator: np.random.Generator) -> NDArray[np.bool_]:
    """Draw masks by the law of those that keep anything, (mask, input)."""
    places = np.arange(inputs)
    chances = np.cumsum(density * (1 - density) ** places)  # that the first place kept is no later than this
    first = np.searchsorted(chances, generator.random(count) * chances[-1])[:, None]
    later = (places > first) & (generator.random((count, inputs)) < density)
    return np.asarray((places == first) | later)


def _group_sums(pairs: Pairs, density: float, count: int, generator: np.random.Generator) -> Floats:
    """Draw one group of masks; return the sums of order 1 and of order 2, (2, 5, pair)."""
    products, dense = [product.T / density for product in pairs.products()], pairs.overlap()
    kernels, gradients = arc_cosine_kernels(dense), arc_cosine_gradients(dense)
    sums = np.zeros((2, 5, len(pairs)))
    at_once = max(1, _CELLS // max(len(pairs), pairs.inputs))
    for start in range(0, count, at_once):
        drawn = nonempty_masks(min(at_once, count - start), pairs.inputs, density, generator)
        masked = Overlap(*(drawn.astype(np.float64) @ product for product in products))
        moved = [part - whole for part, whole in zip(masked, dense, strict=True)]
        for order, kernel in enumerate(arc_cosine_kernels(masked)):
            control = sum(slope * step for slope, step in zip(gradients[order], moved, strict=True))
            sums[order] += _sums(kernel - kernels[order], np.asarray(control))
    return sums


def _distance(pairs: Pairs, density: float, sums: Floats, count: int) -> KernelDistance:
    """Complete what was found on masks that keep anything by the share of those that do not."""
    empty = (1 - density) ** pairs.inputs
    means, errors = [], []
    for order, (kernel, own) in enumerate(zip(arc_cosine_kernels(pairs.overlap()), sums, strict=True), start=1):
        # An empty mask changes a kernel by -kernel and, as that is homogeneous, its linearisation by -order x kernel.
        mean, error = _regression(own, count, at=order * kernel * empty / (1 - empty))
        means.append((1 - empty) * mean - empty * kernel)
        errors.append((1 - empty) * error)
    return from_masked_kernels(pairs, means[0], means[1], errors[0])


def sampled_distance(
    pairs: Pairs, density: float, *, masks: int = 20_000, groups: int = 10, seed: int = 0
) -> SampledDistance:
    """Return bias and variance of the kernel of networks whose weights are there with probability `density`.

    Parameters
    ----------
    pairs
        The inputs.
    density
        Probability of each weight of the first layer, in (0, 1]; those there have variance 1 / density.
    masks
        How many are drawn, rounded down to a multiple of `groups`.
    groups
        Into how many the masks are divided to find the error.
    seed
        Of the masks.

    Raises
    ------
    ConfigError
        If the density is out of range, or there are too few groups or masks.
    """
    check_density(density)
    if groups < 2:
        raise ConfigError("groups", groups, "at least 2")
    if masks < 10 * groups:
        raise ConfigError("masks", masks, "at least 10 per group")
    generator, count = np.random.default_rng(seed), masks // groups
    sums = np.stack([_group_sums(pairs, density, count, generator) for _ in range(groups)])
    whole = sums.sum(axis=0)
    without = tuple(_distance(pairs, density, whole - group, count * (groups - 1)) for group in sums)
    return SampledDistance(_distance(pairs, density, whole, count * groups), without)
