"""The kernel distance without inputs, from their number alone: as published, and as it is for Gaussian inputs.

All take arrays of widths and densities that broadcast. Inputs are independent standard normal vectors.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from common.errors import ConfigError
from evaluation.kernels.pairs import Floats, check_density

VARIANCE_FACTOR = 1 - 1 / np.pi**2  # of two orthogonal inputs in the dense network


def published_distance(inputs: int, width: ArrayLike, density: ArrayLike) -> Floats:
    """Return the published mean squared distance of two different inputs (Golubeva 2021, eq. (6)).

    Its first term, a bias, does not follow from the theorem that it approximates: for Gaussian inputs it is not there.
    """
    check_density(density)
    bias = (np.asarray(density, np.float64) ** -0.5 - 1) ** 2 / 4
    return np.asarray((bias + inputs / np.asarray(width) * VARIANCE_FACTOR) / (4 * inputs))


def published_diagonal(inputs: int, width: ArrayLike, density: ArrayLike) -> Floats:
    """Return the published mean squared distance of an input with itself (Golubeva 2021, App. F)."""
    check_density(density)
    return np.asarray((1.25 + 3 / (inputs * np.asarray(density))) / np.asarray(width))


def gaussian_distance(inputs: int, width: ArrayLike, density: ArrayLike) -> Floats:
    """Return the mean squared distance of two different Gaussian inputs, to second order: the variance alone.

    At a fixed number of weights it only falls as networks get wider and sparser; it has no minimum.
    """
    check_density(density)
    sparsity = 3 * (1 - np.asarray(density)) / (inputs * np.asarray(density))
    return np.asarray((VARIANCE_FACTOR + 2 / inputs + sparsity) / (4 * np.asarray(width)))


def gaussian_diagonal(inputs: int, width: ArrayLike, density: ArrayLike) -> Floats:
    """Return the mean squared distance of a Gaussian input with itself: exact."""
    check_density(density)
    sparsity = 4.5 * (1 - np.asarray(density)) / (inputs * np.asarray(density))
    return np.asarray((1.25 * (1 + 2 / inputs) + sparsity) / np.asarray(width))


def _check_budget(inputs: int, dense_width: float) -> None:
    if dense_width <= 0:
        raise ConfigError("dense_width", dense_width, "above 0")
    if inputs < 1:
        raise ConfigError("inputs", inputs, "at least 1")


def published_minimiser(inputs: int, dense_width: float, variance_factor: float = 1.0) -> float:
    """Return the density at which equation (6) is smallest for a number of weights, for small densities.

    Parameters
    ----------
    inputs
        Of the network.
    dense_width
        Width of the dense network of as many weights: width x density.
    variance_factor
        The paper's derivation takes 1 for what equation (6) has: `VARIANCE_FACTOR`.
    """
    _check_budget(inputs, dense_width)
    return float(np.sqrt(dense_width / (4 * inputs * variance_factor)))


def stationary_density(inputs: int, dense_width: float) -> float:
    """Return the density at which equation (6) itself is smallest for a number of weights.

    Parameters
    ----------
    inputs
        Of the network.
    dense_width
        Width of the dense network of as many weights: width x density.
    """
    _check_budget(inputs, dense_width)
    slope = 4 * inputs / dense_width * VARIANCE_FACTOR
    # With r = density^(-1/2) the derivative vanishes where r^3 (r - 1) = slope, once above 1.
    root = brentq(lambda r: r**3 * (r - 1) - slope, 1.0, 1 + slope, xtol=1e-13)
    return float(root) ** -2
