"""The arc-cosine kernels K_1 and K_2, in closed form (Cho and Saul 2009, with half their factor).

K_l(x, y) is the mean of (w.x)^l (w.y)^l over those standard normal w for which both w.x and w.y are positive. Written
with S = |x| |y| sin(angle), no division is left, so a vector of zeros has the kernel it should: zero.
"""

import numpy as np

from evaluation.kernels.pairs import Floats, Overlap, Pairs


def over(numerator: Floats, denominator: Floats) -> Floats:
    """Divide, with 0 where the denominator is 0."""
    return np.divide(numerator, denominator, out=np.zeros_like(numerator), where=denominator != 0)


def sine_and_supplement(overlap: Overlap) -> tuple[Floats, Floats]:
    """Return S = |x| |y| sin(angle) and pi - angle, for vectors of any angle and for zero vectors."""
    sine = np.sqrt(np.maximum(overlap.first * overlap.second - overlap.inner**2, 0.0))
    return sine, np.pi - np.arctan2(sine, overlap.inner)


def arc_cosine_kernels(overlap: Overlap) -> tuple[Floats, Floats]:
    """Return K_1 and K_2 in the shape of `overlap`; on the diagonal they are |x|^2 / 2 and 3 |x|^4 / 2.

    Both are homogeneous in the overlap, of degree 1 and 2: scaling the weights by s scales the overlap by s^2.
    """
    first, second, inner = overlap
    sine, supplement = sine_and_supplement(overlap)
    linear = sine + supplement * inner
    square = 3 * sine * inner + supplement * (first * second + 2 * inner**2)
    return linear / (2 * np.pi), square / (2 * np.pi)


def arc_cosine_gradients(overlap: Overlap) -> tuple[Overlap, Overlap]:
    """Return the derivatives of K_1 and of K_2 by both squared norms and the inner product."""
    first, second, inner = overlap
    sine, supplement = sine_and_supplement(overlap)
    by_norms = (over(sine, first), over(sine, second))
    linear = (by_norms[0] / 2, by_norms[1] / 2, supplement)
    square = (
        inner * by_norms[0] + supplement * second,
        inner * by_norms[1] + supplement * first,
        4 * (sine + supplement * inner),
    )
    return Overlap(*(part / (2 * np.pi) for part in linear)), Overlap(*(part / (2 * np.pi) for part in square))


def infinite_kernel(pairs: Pairs) -> Floats:
    """Return the kernel of the dense network of infinite width, K_1 / inputs, (pair,)."""
    return arc_cosine_kernels(pairs.overlap())[0] / pairs.inputs
