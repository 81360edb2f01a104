"""The mean squared distance between the kernels of sparse finite networks and of the infinite dense one."""

from dataclasses import dataclass

import numpy as np

from evaluation.kernels.arc_cosine import arc_cosine_kernels
from evaluation.kernels.pairs import Floats, Pairs


@dataclass(frozen=True)
class KernelDistance:
    """How the kernel of sparse networks departs from the infinite dense one, for every pair (Golubeva 2021, eq. (3)).

    Parameters
    ----------
    bias
        Mean over networks of the difference, (pair,); it does not depend on the width.
    unit_variance
        Variance over networks, times the width, (pair,).
    bias_error
        Standard error of `bias`, (pair,), where that is an estimate.
    """

    bias: Floats
    unit_variance: Floats
    bias_error: Floats | float = 0.0

    @property
    def bias_squared(self) -> Floats:
        """The squared bias less what its own error adds to it: unbiased, so it may be negative."""
        return self.bias**2 - np.square(self.bias_error)

    def squared(self, width: int) -> Floats:
        """Return the mean squared distance at a width, (pair,)."""
        return self.bias_squared + self.unit_variance / width


def from_masked_kernels(pairs: Pairs, linear: Floats, square: Floats, linear_error: Floats | float) -> KernelDistance:
    """Put Theorem 1 together (Golubeva 2021, eq. (3)).

    Parameters
    ----------
    pairs
        The inputs.
    linear, square
        The mean over masks of sigma^2 K_1, and of sigma^4 K_2, each less the dense kernel of the same order, (pair,).
    linear_error
        Standard error of `linear`, (pair,).
    """
    dense_linear, dense_square = arc_cosine_kernels(pairs.overlap())
    squared_mean = (dense_linear + linear) ** 2 - np.square(linear_error)
    variance = (dense_square + square - squared_mean) / pairs.inputs**2
    return KernelDistance(linear / pairs.inputs, variance, np.asarray(linear_error) / pairs.inputs)
