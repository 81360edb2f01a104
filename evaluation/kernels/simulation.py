"""Networks drawn at initialisation, and the kernels that they have.

f(x) = (width inputs)^(-1/2) v . relu(u x), without biases; the kernel is that of its gradient by v, so only the first
layer u is drawn (Golubeva 2021, section 3).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from common.errors import ConfigError
from evaluation.kernels.arc_cosine import infinite_kernel
from evaluation.kernels.pairs import Floats, Pairs, check_density

_CELLS = 2_000_000  # unit x pair, in memory at a time
_DENSE = 0.1  # a product with as many weights as this is quicker with the zeros than without


def exact_count_weights(width: int, inputs: int, kept: int, generator: np.random.Generator) -> csr_array:
    """Draw a first layer, (unit, input), with exactly `kept` weights at places drawn from the whole layer.

    The weights are normal, of variance 1 / connectivity, the connectivity being kept / (width inputs).

    Raises
    ------
    ConfigError
        If there are fewer places than weights, or no weight.
    """
    size = width * inputs
    if not 1 <= kept <= size:
        raise ConfigError("kept", kept, f"from 1 to {size} weights")
    return _weights(width, inputs, kept, kept / size, generator)


def independent_weights(width: int, inputs: int, density: float, generator: np.random.Generator) -> csr_array:
    """Draw a first layer, (unit, input), where a weight is there with probability `density`, of variance 1 / density.

    Several networks at once are one layer of as many times the units.

    Raises
    ------
    ConfigError
        If the density is out of range.
    """
    check_density(density)
    # Given their number, independent places are a uniform subset: nothing is drawn for the places left empty.
    return _weights(width, inputs, int(generator.binomial(width * inputs, density)), density, generator)


def _weights(width: int, inputs: int, kept: int, density: float, generator: np.random.Generator) -> csr_array:
    places: NDArray[np.int64] = generator.choice(width * inputs, size=kept, replace=False, shuffle=False)
    values = generator.normal(scale=density**-0.5, size=kept)
    return csr_array((values, np.divmod(places, inputs)), shape=(width, inputs))


def network_kernels(weights: csr_array, pairs: Pairs, networks: int = 1) -> Floats:
    """Return the kernel of one or several networks of one width for every pair, (network, pair).

    Parameters
    ----------
    weights
        The first layers, one above the other, (network x unit, input).
    pairs
        The inputs.
    networks
        How many.

    Raises
    ------
    ConfigError
        If the rows of `weights` cannot be dealt among as many networks.
    """
    units, inputs = weights.shape
    if networks < 1 or units % networks:
        raise ConfigError("networks", networks, f"a divisor of the {units} units")
    matrix = weights if weights.nnz < _DENSE * units * inputs else weights.toarray()
    blocks = []
    step = max(1, _CELLS // units)
    for start in range(0, len(pairs), step):
        rows = slice(start, start + step)
        first, second = (np.maximum(matrix @ side[rows].T, 0.0) for side in (pairs.first, pairs.second))
        blocks.append((first * second).reshape(networks, units // networks, -1).mean(axis=1))
    return np.asarray(np.concatenate(blocks, axis=1) / inputs)


def simulated_distances(draw: Callable[[], csr_array], pairs: Pairs, networks: int) -> Floats:
    """Draw networks one by one; return their kernels' squared distances from the infinite dense one, (network, pair).

    Parameters
    ----------
    draw
        Returns the first layer of a new network, (unit, input).
    pairs
        The inputs.
    networks
        How many to draw.
    """
    infinite = infinite_kernel(pairs)
    return np.concatenate([(network_kernels(draw(), pairs) - infinite) ** 2 for _ in range(networks)])
