"""Kernel distance to second order in the effect of sparsity, by the delta method in place of a sum over masks.

The overlap of a masked pair is a sum of independent terms. An expansion of the arc-cosine kernels to second order
around its mean depends only on its covariances, which are sums of fourth-order products of the inputs. It is accurate
if density x inputs is large compared with the kurtosis of the inputs. Unlike equation (6) of Golubeva 2021, it follows
from Theorem 1: the part of a masked kernel that is linear in the inner product has, over masks, the mean of the dense
kernel and adds no bias.
"""

import numpy as np

from evaluation.kernels.arc_cosine import over, sine_and_supplement
from evaluation.kernels.distance import KernelDistance, from_masked_kernels
from evaluation.kernels.pairs import Floats, Pairs, check_density

_PARALLEL = 1e-7  # sine of an angle below which rounding errors dominate


def curvatures(pairs: Pairs) -> tuple[Floats, Floats]:
    """Return the factors of (1 - density) / (4 pi density) in the means over masks of K_1 and K_2, each (pair,)."""
    overlap, (squares, other_squares, products) = pairs.overlap(), pairs.products()
    first, second, inner = overlap
    sine, supplement = sine_and_supplement(overlap)

    def sums(one: Floats, other: Floats) -> Floats:
        return np.asarray(np.einsum("pi,pi->p", one, other))

    mixed = sums(products, products)
    fourth = over(sums(squares, squares), first**2) + over(sums(other_squares, other_squares), second**2)
    third = over(sums(squares, products), first) + over(sums(other_squares, products), second)
    change = 1.5 * mixed + (2 * inner**2 - first * second) / 4 * fourth - inner * third
    # The change is proportional to the squared sine, hence zero for parallel pairs.
    linear = over(change, np.where(sine > _PARALLEL * np.sqrt(first * second), sine, 0.0))
    square = 6 * supplement * mixed + sine * (4 * third - inner * fourth)
    return linear, square


def second_order_distance(pairs: Pairs, density: float) -> KernelDistance:
    """Return bias and variance of the kernel of networks in which each weight exists with probability `density`.

    On the diagonal, `Pairs(x, x)`, the result is exact: the bias is zero, and the variance times the width is
    5/4 |x|^4 + 3/2 (1 - density) / density sum_i x_i^4, divided by inputs^2.

    Parameters
    ----------
    pairs
        Pairs of inputs.
    density
        Probability of each weight of the first layer, in (0, 1]; existing weights have variance 1 / density.

    Raises
    ------
    ConfigError
        If the density is out of range.

    Examples
    --------
    >>> inputs = np.random.default_rng(0).normal(size=(2, 1, 784))
    >>> second_order_distance(Pairs(*inputs), 0.1).squared(width=100).round(5)
    array([0.00209])
    """
    check_density(density)
    scale = (1 - density) / (4 * np.pi * density)
    linear, square = curvatures(pairs)
    return from_masked_kernels(pairs, scale * linear, scale * square, 0.0)
