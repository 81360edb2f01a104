"""Pairs of inputs and their overlaps, on which all kernels in this package depend."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from common.errors import ConfigError, DataError

Floats = NDArray[np.float64]


class Overlap(NamedTuple):
    """Squared norms of both inputs of a pair and their inner product, arrays of one shape."""

    first: Floats
    second: Floats
    inner: Floats


class Pairs:
    """Pairs of inputs (x, y) in float64.

    Parameters
    ----------
    first, second
        x and y, each (pair, input); the diagonal of a kernel is `Pairs(x, x)`.

    Raises
    ------
    DataError
        If the two differ in shape, are not matrices, are empty, or hold a value that is not finite.

    Examples
    --------
    >>> pairs = Pairs([[1.0, 2.0]], [[3.0, 0.0]])
    >>> pairs.inputs
    2
    >>> pairs.overlap()
    Overlap(first=array([5.]), second=array([9.]), inner=array([3.]))
    """

    def __init__(self, first: ArrayLike, second: ArrayLike) -> None:
        self.first, self.second = np.asarray(first, np.float64), np.asarray(second, np.float64)
        if self.first.shape != self.second.shape or self.first.ndim != 2 or not self.first.size:
            found = f"{self.first.shape} and {self.second.shape}"
            raise DataError(f"pairs are two matrices of one shape (pair, input); found {found}")
        if not (np.isfinite(self.first).all() and np.isfinite(self.second).all()):
            raise DataError("pairs of inputs hold values that are not finite")

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.first)

    @property
    def inputs(self) -> int:
        """Number of coordinates of an input."""
        return int(self.first.shape[1])

    def products(self) -> Overlap:
        """Return x_i^2, y_i^2 and x_i y_i, each (pair, input), whose sums over inputs are `overlap`."""
        return Overlap(self.first**2, self.second**2, self.first * self.second)

    def overlap(self) -> Overlap:
        """Return |x|^2, |y|^2 and x . y, each (pair,)."""
        sides = ((self.first, self.first), (self.second, self.second), (self.first, self.second))
        return Overlap(*(np.einsum("pi,pi->p", *both) for both in sides))


def check_density(density: ArrayLike) -> None:
    """Raise a ConfigError unless all densities are in (0, 1]."""
    if not np.all((np.asarray(density) > 0) & (np.asarray(density) <= 1)):
        raise ConfigError("density", density, "above 0, at most 1")
