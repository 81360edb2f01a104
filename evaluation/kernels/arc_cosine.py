"""Arc-cosine kernels K_1 and K_2 in closed form (Cho and Saul 2009, with half their factor).

K_l(x, y) is the expectation of (w.x)^l (w.y)^l over standard normal w, with 0 in place of the product unless both w.x
and w.y are positive. The formulas use S = |x| |y| sin(angle) to avoid divisions: kernels with a zero vector are zero.
"""

import numpy as np

from evaluation.kernels.pairs import Floats, Overlap, Pairs


def over(numerator: Floats, denominator: Floats) -> Floats:
    """Divide elementwise; 0 where the denominator is 0."""
    return np.divide(numerator, denominator, out=np.zeros_like(numerator), where=denominator != 0)


def sine_and_supplement(overlap: Overlap) -> tuple[Floats, Floats]:
    """Return S = |x| |y| sin(angle) and pi - angle for every pair; also defined for parallel and zero vectors."""
    sine = np.sqrt(np.maximum(overlap.first * overlap.second - overlap.inner**2, 0.0))
    return sine, np.pi - np.arctan2(sine, overlap.inner)


def arc_cosine_kernels(overlap: Overlap) -> tuple[Floats, Floats]:
    """Return K_1 and K_2 in the shape of the arrays in `overlap`.

    On the diagonal they are |x|^2 / 2 and 3 |x|^4 / 2. They are homogeneous in the overlap, of degree 1 and 2: scaling
    the weights by s scales the overlap by s^2.

    Examples
    --------
    An input with itself, and two orthogonal inputs.

    >>> pairs = Pairs([[1.0, 0.0], [1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]])
    >>> linear, square = arc_cosine_kernels(pairs.overlap())
    >>> linear.round(3).tolist(), square.round(3).tolist()
    ([0.5, 0.159], [1.5, 0.25])
    """
    first, second, inner = overlap
    sine, supplement = sine_and_supplement(overlap)
    linear = sine + supplement * inner
    square = 3 * sine * inner + supplement * (first * second + 2 * inner**2)
    return linear / (2 * np.pi), square / (2 * np.pi)


def arc_cosine_gradients(overlap: Overlap) -> tuple[Overlap, Overlap]:
    """Return the derivatives of K_1 and of K_2 with respect to both squared norms and the inner product."""
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
    """Return the kernel of the dense network of infinite width, K_1 / inputs, (pair,).

    Examples
    --------
    >>> infinite_kernel(Pairs([[1.0, 0.0]], [[0.0, 1.0]])).round(4)
    array([0.0796])
    """
    return arc_cosine_kernels(pairs.overlap())[0] / pairs.inputs
