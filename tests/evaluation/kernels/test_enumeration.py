"""Theorem 1 by enumeration against simulated networks, and its exact identities."""

import numpy as np
import pytest

from common.errors import ConfigError
from evaluation.kernels import enumeration
from evaluation.kernels.arc_cosine import infinite_kernel
from evaluation.kernels.enumeration import MOST_INPUTS, all_masks, enumerated_distance
from evaluation.kernels.pairs import Pairs
from evaluation.kernels.simulation import independent_weights, network_kernels
from tests.evaluation.kernels.inputs import gaussian_pairs, largest_z


@pytest.mark.parametrize("density", [0.15, 0.5, 1.0])
def test_it_is_what_simulated_networks_do(density: float) -> None:
    pairs, networks, width = gaussian_pairs(5, 10), 50_000, 4
    weights = independent_weights(networks * width, 10, density, np.random.default_rng(1))
    kernels, infinite = network_kernels(weights, pairs, networks), infinite_kernel(pairs)
    distance = enumerated_distance(pairs, density)
    assert largest_z(kernels - infinite, distance.bias) < 4.5
    assert largest_z((kernels - infinite) ** 2, distance.squared(width)) < 4.5


def test_a_dense_network_has_no_bias() -> None:
    distance = enumerated_distance(gaussian_pairs(5, 6), 1.0)
    np.testing.assert_allclose(distance.bias, 0, atol=1e-14)


@pytest.mark.parametrize("density", [0.01, 0.3, 1.0])
def test_the_diagonal_has_no_bias_and_a_known_variance(density: float) -> None:
    inputs = gaussian_pairs(5, 8).first
    distance = enumerated_distance(Pairs(inputs, inputs), density)
    norms, fourth = (inputs**2).sum(axis=1), (inputs**4).sum(axis=1)
    np.testing.assert_allclose(distance.bias, 0, atol=1e-8)
    expected = (1.25 * norms**2 + 1.5 * (1 - density) / density * fourth) / 8**2
    np.testing.assert_allclose(distance.unit_variance, expected, rtol=1e-8)
    np.testing.assert_allclose(distance.squared(7), expected / 7, rtol=1e-8)


def test_every_mask_appears_once_in_blocks_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    masks = np.concatenate(list(all_masks(5, at_once=7)))
    assert len(np.unique(masks, axis=0)) == len(masks) == 32
    assert set(masks.ravel()) == {0.0, 1.0}
    pairs = gaussian_pairs(3, 6)
    whole = enumerated_distance(pairs, 0.4)
    monkeypatch.setattr(enumeration, "_CELLS", 20)
    blocks = enumerated_distance(pairs, 0.4)
    np.testing.assert_allclose(blocks.bias, whole.bias, rtol=1e-12)
    np.testing.assert_allclose(blocks.unit_variance, whole.unit_variance, rtol=1e-12)


def test_too_many_inputs_are_refused() -> None:
    with pytest.raises(ConfigError, match="sample"):
        enumerated_distance(gaussian_pairs(1, MOST_INPUTS + 1), 0.5)
