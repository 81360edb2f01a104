"""Distances of sparse networks' kernels from that of the infinite dense network, simulated and by every formula."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from common.errors import ConfigError
from evaluation.kernels.closed_forms import published_distance
from evaluation.kernels.mask_sampling import sampled_distance
from evaluation.kernels.pairs import Pairs
from evaluation.kernels.second_order import second_order_distance
from evaluation.kernels.simulation import exact_count_weights, simulated_distances
from recipes.rows import Row

PIXELS, CLASSES = 784, 10
DENSE_WIDTH = 8  # of the dense network that has as many weights as all others
WEIGHTS = DENSE_WIDTH * (PIXELS + CLASSES)
WIDTHS = (8, 32, 128, 216, 328, 512, 635)
_WIDEST = 10**12  # of such a network's distance only the bias is left


@dataclass(frozen=True, kw_only=True)
class SampleSizes:
    """Numbers of random pairs of inputs, networks and masks for Theorem 1, and the seed."""

    pairs: int
    networks: int
    masks: int
    seed: int = 0


def with_error(name: str, value_and_error: tuple[float, float]) -> Row:
    """Return a value and its error as columns `name` and `name_error`."""
    return dict(zip((name, f"{name}_error"), value_and_error, strict=True))


def simulated_mean(draw: Callable[[], csr_array], pairs: Pairs, networks: int) -> tuple[float, float]:
    """Return the mean over networks and pairs of the squared distance, and its standard error over networks."""
    means = simulated_distances(draw, pairs, networks).mean(axis=1)
    return float(means.mean()), float(means.std(ddof=1) / np.sqrt(networks))


def measured(pairs: Pairs, width: int, density: float, draw: Callable[[], csr_array], draws: SampleSizes) -> Row:
    """Return the mean over `pairs` of the squared distance, simulated and by Theorem 1, with standard errors.

    Parameters
    ----------
    pairs
        The inputs.
    width, density
        Of the networks' first layer.
    draw
        Returns the first layer of a new network.
    draws
        How many networks and masks.

    Returns
    -------
    Row
        `simulated`, `theorem` (by masks), each with `_error`; `second_order`; of the latter two also the squared bias
        alone, which does not depend on the width: `bias_theorem`, `bias_theorem_error`, `bias_second_order`.
    """
    theorem = sampled_distance(pairs, density, masks=draws.masks, seed=draws.seed)
    expanded = second_order_distance(pairs, density)
    return {
        **with_error("simulated", simulated_mean(draw, pairs, draws.networks)),
        **with_error("theorem", theorem.mean_squared(width)),
        "second_order": float(expanded.squared(width).mean()),
        **with_error("bias_theorem", theorem.mean_squared(_WIDEST)),
        "bias_second_order": float(expanded.bias_squared.mean()),
    }


def kept_weights(width: int) -> int:
    """Return how many weights the first layer keeps: the last layer keeps all of its own.

    Raises
    ------
    ConfigError
        If that is none, or more than there are.
    """
    kept = WEIGHTS - CLASSES * width
    if not 1 <= kept <= PIXELS * width:
        allowed = f"from {DENSE_WIDTH} to {(WEIGHTS - 1) // CLASSES}, all networks having {WEIGHTS} weights"
        raise ConfigError("width", width, allowed)
    return kept


def distances_at(pairs: Pairs, width: int, draws: SampleSizes) -> Row:
    """Return what `measured` does for Figure 7's networks of a width, of an exact number of weights, and equation (6).

    The paper's equation (6) has one density for both layers, 8 / width (`published`); that of the first layer, which
    the kernel depends on, is smaller (`published_first_layer`).
    """
    kept, generator = kept_weights(width), np.random.default_rng([draws.seed, width])
    density = kept / (width * PIXELS)
    return {
        "kept": kept,
        "density": density,
        **measured(pairs, width, density, lambda: exact_count_weights(width, PIXELS, kept, generator), draws),
        "published": float(published_distance(PIXELS, width, DENSE_WIDTH / width)),
        "published_first_layer": float(published_distance(PIXELS, width, density)),
    }
