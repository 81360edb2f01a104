"""Exact kernel distance by summation over all masks, for few input coordinates (Golubeva 2021, eq. (3) to (5))."""

from collections.abc import Iterator

import numpy as np

from common.errors import ConfigError
from evaluation.kernels.arc_cosine import arc_cosine_kernels
from evaluation.kernels.distance import KernelDistance, from_masked_kernels
from evaluation.kernels.pairs import Floats, Overlap, Pairs, check_density

MOST_INPUTS = 20
_CELLS = 1_000_000  # mask x pair in memory at a time


def all_masks(inputs: int, at_once: int) -> Iterator[Floats]:
    """Yield all 2^inputs masks of zeros and ones, in blocks of at most `at_once`, (mask, input)."""
    for start in range(0, 2**inputs, at_once):
        numbers = np.arange(start, min(start + at_once, 2**inputs))
        yield (numbers[:, None] >> np.arange(inputs) & 1).astype(np.float64)


def enumerated_distance(pairs: Pairs, density: float) -> KernelDistance:
    """Return bias and variance of the kernel of networks in which each weight exists with probability `density`.

    Parameters
    ----------
    pairs
        Pairs of inputs with at most `MOST_INPUTS` coordinates; each coordinate doubles the computation.
    density
        Probability of each weight of the first layer, in (0, 1]; existing weights have variance 1 / density.

    Raises
    ------
    ConfigError
        If there are too many coordinates, or the density is out of range.

    Examples
    --------
    >>> pairs = Pairs([[1.0, 2.0, 0.0]], [[0.0, 1.0, 1.0]])
    >>> enumerated_distance(pairs, 0.5).squared(width=100).round(5)
    array([0.0151])
    """
    check_density(density)
    if pairs.inputs > MOST_INPUTS:
        raise ConfigError("inputs", pairs.inputs, f"at most {MOST_INPUTS}: there are 2^inputs masks; sample them")
    products = [product.T / density for product in pairs.products()]
    linear, square = np.zeros(len(pairs)), np.zeros(len(pairs))
    for masks in all_masks(pairs.inputs, max(1, _CELLS // len(pairs))):
        kept = masks.sum(axis=1)
        chances = density**kept * (1 - density) ** (pairs.inputs - kept)
        kernels = arc_cosine_kernels(Overlap(*(masks @ product for product in products)))
        linear, square = linear + chances @ kernels[0], square + chances @ kernels[1]
    dense_linear, dense_square = arc_cosine_kernels(pairs.overlap())
    return from_masked_kernels(pairs, linear - dense_linear, square - dense_square, 0.0)
