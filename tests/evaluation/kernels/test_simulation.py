"""Simulated networks: the kernel against gradients of a network, and the law of masks and weights."""

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.sparse import csr_array

from common.errors import ConfigError
from evaluation.kernels import simulation
from evaluation.kernels.arc_cosine import infinite_kernel
from evaluation.kernels.simulation import (
    exact_count_weights,
    independent_weights,
    network_kernels,
    simulated_distances,
)
from tests.evaluation.kernels.inputs import gaussian_pairs, largest_z


@pytest.mark.parametrize("density", [0.05, 0.6])
def test_the_kernel_is_that_of_the_gradient_by_the_last_layer(density: float) -> None:
    width, inputs, pairs = 30, 12, gaussian_pairs(4, 12)
    weights = independent_weights(width, inputs, density, np.random.default_rng(2))
    first_layer, last = torch.tensor(weights.toarray()), torch.randn(width, dtype=torch.float64, requires_grad=True)
    gradients = []
    for side in (pairs.first, pairs.second):
        outputs = torch.relu(torch.tensor(side) @ first_layer.T) @ last / (width * inputs) ** 0.5
        gradients.append(torch.stack([torch.autograd.grad(one, last, retain_graph=True)[0] for one in outputs]))
    expected = (gradients[0] * gradients[1]).sum(dim=1).numpy()
    np.testing.assert_allclose(network_kernels(weights, pairs)[0], expected, rtol=1e-12)


def test_stacked_networks_are_networks_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs, generator = gaussian_pairs(7, 12), np.random.default_rng(3)
    weights = independent_weights(50, 12, 0.3, generator)
    together = network_kernels(weights, pairs, networks=5)
    alone = [network_kernels(weights[start : start + 10], pairs)[0] for start in range(0, 50, 10)]
    np.testing.assert_allclose(together, alone, rtol=1e-12)
    monkeypatch.setattr(simulation, "_CELLS", 100)
    np.testing.assert_allclose(network_kernels(weights, pairs, networks=5), together, rtol=1e-12)


def test_the_exact_count_is_exact_and_its_places_are_uniform() -> None:
    generator = np.random.default_rng(4)
    drawn = [exact_count_weights(6, 8, 12, generator) for _ in range(2000)]
    assert {layer.nnz for layer in drawn} == {12}
    seen = np.sum([layer.toarray() != 0 for layer in drawn], axis=0)
    chance = stats.chisquare(seen.ravel()).pvalue  # counts without replacement vary less: on the safe side
    assert chance > 1e-4
    values = np.concatenate([layer.data for layer in drawn])
    assert stats.kstest(values * 0.25**0.5, "norm").pvalue > 1e-4


def test_independent_masks_are_independent_trials() -> None:
    width, inputs, density = 4000, 25, 0.2
    layer = independent_weights(width, inputs, density, np.random.default_rng(5))
    there = layer.toarray() != 0
    per_unit = np.bincount(there.sum(axis=1), minlength=inputs + 1)
    expected = stats.binom.pmf(np.arange(inputs + 1), inputs, density) * width
    common = expected > 5
    merged = [np.append(counts[common], counts[~common].sum()) for counts in (per_unit, expected)]
    assert stats.chisquare(*merged).pvalue > 1e-4
    assert stats.kstest(layer.data * density**0.5, "norm").pvalue > 1e-4


def test_dense_networks_are_normal_and_have_the_infinite_kernel_as_mean() -> None:
    pairs = gaussian_pairs(3, 5)
    kernels = network_kernels(independent_weights(100_000, 5, 1.0, np.random.default_rng(6)), pairs, networks=25_000)
    assert largest_z(kernels, infinite_kernel(pairs)) < 4.5


def test_distances_are_those_of_each_network_drawn() -> None:
    pairs, width = gaussian_pairs(3, 5), 4
    seeded = [np.random.default_rng(7) for _ in range(2)]
    distances = simulated_distances(lambda: exact_count_weights(width, 5, 6, seeded[0]), pairs, 3)
    layers = [exact_count_weights(width, 5, 6, seeded[1]) for _ in range(3)]
    expected = [(network_kernels(layer, pairs)[0] - infinite_kernel(pairs)) ** 2 for layer in layers]
    np.testing.assert_allclose(distances, expected)


@pytest.mark.parametrize("kept", [0, 13])
def test_counts_that_do_not_fit_are_named(kept: int) -> None:
    with pytest.raises(ConfigError, match="kept"):
        exact_count_weights(3, 4, kept, np.random.default_rng())


def test_units_must_divide_among_networks() -> None:
    with pytest.raises(ConfigError, match="networks"):
        network_kernels(csr_array(np.ones((5, 4))), gaussian_pairs(2, 4), networks=2)
