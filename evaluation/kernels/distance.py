"""Mean squared distance between the kernels of sparse finite networks and of the infinite dense network."""

from dataclasses import dataclass

import numpy as np

from evaluation.kernels.arc_cosine import arc_cosine_kernels
from evaluation.kernels.pairs import Floats, Pairs


@dataclass(frozen=True)
class KernelDistance:
    """Bias and variance of the kernel of sparse networks relative to the infinite dense network, for every pair.

    See Golubeva 2021, eq. (3).

    Parameters
    ----------
    bias
        Mean over networks of the difference between the kernels, (pair,); it does not depend on the width.
    unit_variance
        Variance over networks times the width, (pair,).
    bias_error
        Standard error of `bias`, (pair,), if it is an estimate.

    Examples
    --------
    >>> distance = KernelDistance(bias=np.array([0.01]), unit_variance=np.array([0.5]))
    >>> distance.squared(width=100)
    array([0.0051])
    """

    bias: Floats
    unit_variance: Floats
    bias_error: Floats | float = 0.0

    @property
    def bias_squared(self) -> Floats:
        """Unbiased estimate of the squared bias: its square minus its squared error, which may be negative."""
        return self.bias**2 - np.square(self.bias_error)

    def squared(self, width: int) -> Floats:
        """Return the mean squared distance at a width, (pair,)."""
        return self.bias_squared + self.unit_variance / width


def from_masked_kernels(pairs: Pairs, linear: Floats, square: Floats, linear_error: Floats | float) -> KernelDistance:
    """Return bias and variance from expectations over masks (Theorem 1, Golubeva 2021, eq. (3)).

    Parameters
    ----------
    pairs
        Pairs of inputs.
    linear, square
        Means over masks of sigma^2 K_1 and of sigma^4 K_2, each minus the dense kernel of the same order, (pair,).
    linear_error
        Standard error of `linear`, (pair,).
    """
    dense_linear, dense_square = arc_cosine_kernels(pairs.overlap())
    squared_mean = (dense_linear + linear) ** 2 - np.square(linear_error)
    variance = (dense_square + square - squared_mean) / pairs.inputs**2
    return KernelDistance(linear / pairs.inputs, variance, np.asarray(linear_error) / pairs.inputs)
