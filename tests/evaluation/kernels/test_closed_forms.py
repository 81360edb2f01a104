"""Formulas without inputs: the printed numbers, their minima, and means over Gaussian inputs."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from common.errors import ConfigError
from evaluation.kernels.arc_cosine import infinite_kernel
from evaluation.kernels.closed_forms import (
    VARIANCE_FACTOR,
    gaussian_diagonal,
    gaussian_distance,
    published_diagonal,
    published_distance,
    published_minimiser,
    stationary_density,
)
from evaluation.kernels.enumeration import enumerated_distance
from evaluation.kernels.pairs import Pairs
from tests.evaluation.kernels.inputs import gaussian_pairs, largest_z

WIDTHS = np.array([8, 32, 80, 160, 320, 640, 1600, 4000])


def test_values_at_eight_weights_per_input() -> None:
    published = [2.81e-2, 7.1e-3, 3.18e-3, 2.37e-3, 2.96e-3, 5.38e-3, 1.39e-2, 3.6e-2]
    gaussian = [2.82e-2, 7.1e-3, 2.92e-3, 1.52e-3, 8.2e-4, 4.7e-4, 2.6e-4, 1.76e-4]
    np.testing.assert_allclose(published_distance(784, WIDTHS, 8 / WIDTHS), published, rtol=0.013)
    np.testing.assert_allclose(gaussian_distance(784, WIDTHS, 8 / WIDTHS), gaussian, rtol=0.013)


def test_published_minimisers() -> None:
    assert published_minimiser(784, 8) == pytest.approx(0.0505, abs=5e-5)
    assert 8 / published_minimiser(784, 8) == pytest.approx(158, abs=0.5)
    assert published_minimiser(784, 8, VARIANCE_FACTOR) == pytest.approx(0.0533, abs=5e-5)
    assert stationary_density(784, 8) == pytest.approx(0.0471, abs=5e-5)
    assert 8 / stationary_density(784, 8) == pytest.approx(170, abs=0.5)


@pytest.mark.parametrize(("inputs", "dense_width"), [(784, 8), (3072, 8), (784, 100), (20, 5)])
def test_the_stationary_density_minimises(inputs: int, dense_width: float) -> None:
    found = minimize_scalar(
        lambda density: float(published_distance(inputs, dense_width / density, density)),
        bounds=(1e-4, 1),
        method="bounded",
        options={"xatol": 1e-9},
    )
    assert stationary_density(inputs, dense_width) == pytest.approx(found.x, rel=1e-4)


def test_gaussian_inputs_have_no_best_density() -> None:
    densities = np.geomspace(0.001, 1, 200)
    assert (np.diff(gaussian_distance(784, 8 / densities, densities)) > 0).all()


@pytest.mark.parametrize("density", [0.2, 0.7, 1.0])
def test_gaussian_means_are_those_of_theorem_1(density: float) -> None:
    inputs, pairs = 8, gaussian_pairs(4000, 8)
    exact = enumerated_distance(pairs, density)
    second_moment = exact.unit_variance + (infinite_kernel(pairs) + exact.bias) ** 2
    without_mean = 4 * gaussian_distance(inputs, 1, density) + 1 / np.pi**2
    if density < 1:
        assert largest_z(exact.bias[:, None], np.zeros(1)) < 4.5
    assert largest_z(second_moment[:, None], without_mean[None] / 4) < 4.5


@pytest.mark.parametrize("density", [0.2, 1.0])
def test_gaussian_diagonals_are_those_of_theorem_1(density: float) -> None:
    inputs = gaussian_pairs(4000, 8).first
    exact = enumerated_distance(Pairs(inputs, inputs), density).squared(5)
    assert largest_z(exact[:, None], gaussian_diagonal(8, 5, density)[None]) < 4.5


def test_both_diagonals_agree_for_large_dense_networks() -> None:
    ratio = published_diagonal(10**6, 50, 1.0) / gaussian_diagonal(10**6, 50, 1.0)
    assert ratio == pytest.approx(1, abs=1e-5)
    assert published_diagonal(784, 160, 0.05) == pytest.approx((1.25 + 3 / 39.2) / 160)


@pytest.mark.parametrize(("inputs", "dense_width", "named"), [(0, 8, "inputs"), (784, 0, "dense_width")])
def test_budgets_out_of_range_are_named(inputs: int, dense_width: float, named: str) -> None:
    for minimiser in (published_minimiser, stationary_density):
        with pytest.raises(ConfigError, match=named):
            minimiser(inputs, dense_width)
