"""Kernels of random networks at initialisation.

The network is f(x) = (width inputs)^(-1/2) v . relu(u x), without biases. The kernel is that of the gradient with
respect to v, so only the first layer u is drawn (Golubeva 2021, section 3).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from common.errors import ConfigError
from evaluation.kernels.arc_cosine import infinite_kernel
from evaluation.kernels.pairs import Floats, Pairs, check_density

_CELLS = 2_000_000  # unit x pair in memory at a time
_DENSE = 0.1  # density above which a dense matrix product is faster than a sparse one


def exact_count_weights(width: int, inputs: int, kept: int, generator: np.random.Generator) -> csr_array:
    """Draw a first layer, (unit, input), with exactly `kept` weights at random positions of the layer.

    The weights are normal with variance 1 / connectivity, where connectivity = kept / (width inputs).

    Raises
    ------
    ConfigError
        If `kept` is below 1 or above the number of positions.

    Examples
    --------
    >>> exact_count_weights(100, 784, 5000, np.random.default_rng(0)).nnz
    5000
    """
    size = width * inputs
    if not 1 <= kept <= size:
        raise ConfigError("kept", kept, f"from 1 to {size} weights")
    return _weights(width, inputs, kept, kept / size, generator)


def independent_weights(width: int, inputs: int, density: float, generator: np.random.Generator) -> csr_array:
    """Draw a first layer, (unit, input), in which each weight exists with probability `density`.

    Existing weights are normal with variance 1 / density. Several networks of one width can be drawn as one layer with
    the units of all of them.

    Raises
    ------
    ConfigError
        If the density is out of range.
    """
    check_density(density)
    # Given their number, the positions of weights are a uniform subset, so empty positions need no random numbers.
    return _weights(width, inputs, int(generator.binomial(width * inputs, density)), density, generator)


def _weights(width: int, inputs: int, kept: int, density: float, generator: np.random.Generator) -> csr_array:
    places: NDArray[np.int64] = generator.choice(width * inputs, size=kept, replace=False, shuffle=False)
    values = generator.normal(scale=density**-0.5, size=kept)
    return csr_array((values, np.divmod(places, inputs)), shape=(width, inputs))


def network_kernels(weights: csr_array, pairs: Pairs, networks: int = 1) -> Floats:
    """Return the kernels of one or several networks of one width for every pair, (network, pair).

    Parameters
    ----------
    weights
        First layers of the networks, concatenated, (network x unit, input).
    pairs
        Pairs of inputs.
    networks
        Number of networks.

    Raises
    ------
    ConfigError
        If the number of rows of `weights` is not a multiple of `networks`.

    Examples
    --------
    A wide dense network has nearly the kernel of the infinite one.

    >>> pairs = Pairs([[1.0, 0.0]], [[0.0, 1.0]])
    >>> weights = independent_weights(100_000, 2, 1.0, np.random.default_rng(0))
    >>> network_kernels(weights, pairs).round(2), infinite_kernel(pairs).round(2)
    (array([[0.08]]), array([0.08]))
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
    """Return the squared distances between the kernels of random networks and the infinite kernel, (network, pair).

    Parameters
    ----------
    draw
        Function that draws the first layer of a new network, (unit, input).
    pairs
        Pairs of inputs.
    networks
        Number of networks.
    """
    infinite = infinite_kernel(pairs)
    return np.concatenate([(network_kernels(draw(), pairs) - infinite) ** 2 for _ in range(networks)])
