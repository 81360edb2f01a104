"""Monte Carlo estimate of the kernel distance over random masks, for any number of input coordinates.

A mask changes the overlap of a pair by little, so its effect on a kernel is mostly linear in that change, whose mean is
known to be zero. Regression of the kernel on its linearisation (a control variate) removes the linear part. The
contribution of empty masks, which are most of them where there are fewer weights than units, is computed exactly.

All pairs share the same masks, so that masking is a matrix product. The error of a mean over pairs therefore does not
decrease with the number of pairs; it is estimated by leaving out one group of masks at a time (jackknife).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.errors import ConfigError
from evaluation.kernels.arc_cosine import arc_cosine_gradients, arc_cosine_kernels, over
from evaluation.kernels.distance import KernelDistance, from_masked_kernels
from evaluation.kernels.pairs import Floats, Overlap, Pairs, check_density

_CELLS = 500_000  # mask x pair in memory at a time


@dataclass(frozen=True)
class SampledDistance:
    """Estimates of a kernel distance.

    Parameters
    ----------
    whole
        Estimate from all masks.
    without
        Estimates without one group of masks each, for the standard error.
    """

    whole: KernelDistance
    without: tuple[KernelDistance, ...]

    def squared(self, width: int) -> tuple[Floats, Floats]:
        """Return the mean squared distance at a width, and its standard error, each (pair,)."""
        return self._with_error(lambda distance: distance.squared(width))

    def mean_squared(self, width: int) -> tuple[float, float]:
        """Return the mean over pairs of the squared distance at a width, and its standard error over masks."""
        value, error = self._with_error(lambda distance: distance.squared(width).mean(keepdims=True))
        return float(value[0]), float(error[0])

    def _with_error(self, statistic: Callable[[KernelDistance], Floats]) -> tuple[Floats, Floats]:
        values = np.stack([statistic(distance) for distance in self.without])
        return statistic(self.whole), np.asarray(np.sqrt((len(values) - 1) * values.var(axis=0)))


def _sums(change: Floats, control: Floats) -> Floats:
    """Return the sums over masks for the regression on a control of known mean, (5, pair)."""
    squares = [np.einsum("mp,mp->p", *both) for both in ((change, change), (change, control), (control, control))]
    return np.stack([change.sum(axis=0), control.sum(axis=0), *squares])


def _regression(sums: Floats, count: int, at: Floats) -> tuple[Floats, Floats]:
    """Return the mean of the change, given the mean `at` of the control, and its standard error, each (pair,)."""
    change, control, change_square, product, control_square = sums / count
    variance, covariance = control_square - control**2, product - change * control
    slope = over(covariance, variance)
    residual = np.maximum(change_square - change**2 - slope * covariance, 0.0)
    return change + slope * (at - control), np.sqrt(residual / (count - 2))


def nonempty_masks(count: int, inputs: int, density: float, generator: np.random.Generator) -> NDArray[np.bool_]:
    """Draw random masks conditioned on keeping at least one weight, (mask, input)."""
    places = np.arange(inputs)
    # Probability that the first kept weight is at this position or before.
    chances = np.cumsum(density * (1 - density) ** places)
    first = np.searchsorted(chances, generator.random(count) * chances[-1])[:, None]
    later = (places > first) & (generator.random((count, inputs)) < density)
    return np.asarray((places == first) | later)


def _group_sums(pairs: Pairs, density: float, count: int, generator: np.random.Generator) -> Floats:
    """Draw one group of masks; return its sums for the kernels of order 1 and 2, (2, 5, pair)."""
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
    """Combine the estimate over non-empty masks with the exact contribution of empty masks."""
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
    """Estimate bias and variance of the kernel of networks in which each weight exists with probability `density`.

    Parameters
    ----------
    pairs
        Pairs of inputs.
    density
        Probability of each weight of the first layer, in (0, 1]; existing weights have variance 1 / density.
    masks
        Number of random masks, rounded down to a multiple of `groups`.
    groups
        Number of groups of masks for the standard error.
    seed
        Seed of the masks.

    Raises
    ------
    ConfigError
        If the density is out of range, or there are too few groups or masks.

    Examples
    --------
    The exact value for this pair is 0.0151, see `enumeration.enumerated_distance`.

    >>> pairs = Pairs([[1.0, 2.0, 0.0]], [[0.0, 1.0, 1.0]])
    >>> value, error = sampled_distance(pairs, 0.5).squared(width=100)
    >>> value.round(4), error.round(4)
    (array([0.0151]), array([0.]))
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
