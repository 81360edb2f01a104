"""Kernel distance in closed form for independent standard normal inputs: as published, and corrected.

Widths and densities may be arrays that broadcast. `inputs` is the number of coordinates of an input.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from common.errors import ConfigError
from evaluation.kernels.pairs import Floats, check_density

VARIANCE_FACTOR = 1 - 1 / np.pi**2  # variance factor of two orthogonal inputs in the dense network


def published_distance(inputs: int, width: ArrayLike, density: ArrayLike) -> Floats:
    """Return the published mean squared distance for two different inputs (Golubeva 2021, eq. (6)).

    Its first term, a bias, does not follow from the theorem that the equation approximates: for Gaussian inputs it is
    zero, see `gaussian_distance`.

    Parameters
    ----------
    inputs
        Number of coordinates of an input.
    width
        Number of hidden units.
    density
        Probability of each weight of the first layer, in (0, 1].

    Raises
    ------
    ConfigError
        If a density is out of range.

    Examples
    --------
    >>> published_distance(784, [100, 1000], 0.1).round(6)
    array([0.002619, 0.000597])
    """
    check_density(density)
    bias = (np.asarray(density, np.float64) ** -0.5 - 1) ** 2 / 4
    return np.asarray((bias + inputs / np.asarray(width) * VARIANCE_FACTOR) / (4 * inputs))


def published_diagonal(inputs: int, width: ArrayLike, density: ArrayLike) -> Floats:
    """Return the published mean squared distance for an input with itself (Golubeva 2021, App. F).

    Parameters and errors are those of `published_distance`.

    Examples
    --------
    >>> published_diagonal(784, [100, 1000], 0.1).round(6)
    array([0.012883, 0.001288])
    """
    check_density(density)
    return np.asarray((1.25 + 3 / (inputs * np.asarray(density))) / np.asarray(width))


def gaussian_distance(inputs: int, width: ArrayLike, density: ArrayLike) -> Floats:
    """Return the mean squared distance for two different Gaussian inputs, to second order; it has no bias.

    At a fixed number of weights it decreases monotonically as networks get wider and sparser: it has no minimum.
    Parameters and errors are those of `published_distance`.

    Examples
    --------
    >>> gaussian_distance(784, [100, 1000], 0.1).round(6)
    array([0.002339, 0.000234])
    """
    check_density(density)
    sparsity = 3 * (1 - np.asarray(density)) / (inputs * np.asarray(density))
    return np.asarray((VARIANCE_FACTOR + 2 / inputs + sparsity) / (4 * np.asarray(width)))


def gaussian_diagonal(inputs: int, width: ArrayLike, density: ArrayLike) -> Floats:
    """Return the exact mean squared distance for a Gaussian input with itself.

    Parameters and errors are those of `published_distance`.

    Examples
    --------
    >>> gaussian_diagonal(784, [100, 1000], 0.1).round(6)
    array([0.013048, 0.001305])
    """
    check_density(density)
    sparsity = 4.5 * (1 - np.asarray(density)) / (inputs * np.asarray(density))
    return np.asarray((1.25 * (1 + 2 / inputs) + sparsity) / np.asarray(width))


def _check_budget(inputs: int, dense_width: float) -> None:
    if dense_width <= 0:
        raise ConfigError("dense_width", dense_width, "above 0")
    if inputs < 1:
        raise ConfigError("inputs", inputs, "at least 1")


def published_minimiser(inputs: int, dense_width: float, variance_factor: float = 1.0) -> float:
    """Return the density that minimises equation (6) at a fixed number of weights, approximated for small densities.

    Parameters
    ----------
    inputs
        Number of coordinates of an input.
    dense_width
        Width of the dense network with the same number of weights: width x density.
    variance_factor
        Variance factor of equation (6): 1 in the derivation of the paper, `VARIANCE_FACTOR` in the equation.

    Raises
    ------
    ConfigError
        If `inputs` or `dense_width` is out of range.

    Examples
    --------
    >>> round(published_minimiser(784, 20), 4)
    0.0799
    """
    _check_budget(inputs, dense_width)
    return float(np.sqrt(dense_width / (4 * inputs * variance_factor)))


def stationary_density(inputs: int, dense_width: float) -> float:
    """Return the density that minimises equation (6) at a fixed number of weights, without approximation.

    Parameters
    ----------
    inputs
        Number of coordinates of an input.
    dense_width
        Width of the dense network with the same number of weights: width x density.

    Raises
    ------
    ConfigError
        If `inputs` or `dense_width` is out of range.

    Examples
    --------
    >>> round(stationary_density(784, 20), 4)
    0.0721
    """
    _check_budget(inputs, dense_width)
    slope = 4 * inputs / dense_width * VARIANCE_FACTOR
    # With r = density^(-1/2) the derivative vanishes where r^3 (r - 1) = slope, once above 1.
    root = brentq(lambda r: r**3 * (r - 1) - slope, 1.0, 1 + slope, xtol=1e-13)
    return float(root) ** -2
