"""What sparsity does to the kernel, to second order: the delta method in place of a sum over masks.

The overlap of a masked pair is a sum of independent terms; expanding the arc-cosine kernels to second order around its
mean leaves only its covariances, which are sums of fourth-order products of the inputs. Good where density x inputs is
large beside the inputs' kurtosis. Unlike equation (6) of Golubeva 2021, this follows from Theorem 1: the part of a
masked kernel that is linear in the inner product has, over masks, exactly its dense mean, and adds no bias.
"""

import numpy as np

from evaluation.kernels.arc_cosine import over, sine_and_supplement
from evaluation.kernels.distance import KernelDistance, from_masked_kernels
from evaluation.kernels.pairs import Floats, Pairs, check_density

_PARALLEL = 1e-7  # sine of an angle that rounding alone can make


def curvatures(pairs: Pairs) -> tuple[Floats, Floats]:
    """Return what multiplies (1 - density) / (4 pi density) in the mean over masks of K_1, and of K_2, each (pair,)."""
    overlap, (squares, other_squares, products) = pairs.overlap(), pairs.products()
    first, second, inner = overlap
    sine, supplement = sine_and_supplement(overlap)

    def sums(one: Floats, other: Floats) -> Floats:
        return np.asarray(np.einsum("pi,pi->p", one, other))

    mixed = sums(products, products)
    fourth = over(sums(squares, squares), first**2) + over(sums(other_squares, other_squares), second**2)
    third = over(sums(squares, products), first) + over(sums(other_squares, products), second)
    change = 1.5 * mixed + (2 * inner**2 - first * second) / 4 * fourth - inner * third
    # The change falls with the square of the sine: parallel pairs have none.
    linear = over(change, np.where(sine > _PARALLEL * np.sqrt(first * second), sine, 0.0))
    square = 6 * supplement * mixed + sine * (4 * third - inner * fourth)
    return linear, square


def second_order_distance(pairs: Pairs, density: float) -> KernelDistance:
    """Return bias and variance of the kernel of networks whose weights are there with probability `density`.

    On the diagonal, `Pairs(x, x)`, it is exact: the bias is zero, and the variance times the width is
    5/4 |x|^4 + 3/2 (1 - density) / density sum_i x_i^4, over inputs^2.

    Parameters
    ----------
    pairs
        The inputs.
    density
        Probability of each weight of the first layer, in (0, 1]; those there have variance 1 / density.

    Raises
    ------
    ConfigError
        If the density is out of range.
    """
    check_density(density)
    scale = (1 - density) / (4 * np.pi * density)
    linear, square = curvatures(pairs)
    return from_masked_kernels(pairs, scale * linear, scale * square, 0.0)
