"""The second-order formulas against differences of the kernels, drawn masks, simulated networks and digits."""

from pathlib import Path

import numpy as np
import pytest

from evaluation.kernels.arc_cosine import arc_cosine_kernels
from evaluation.kernels.closed_forms import gaussian_distance, published_distance
from evaluation.kernels.mask_sampling import sampled_distance
from evaluation.kernels.pairs import Overlap, Pairs
from evaluation.kernels.second_order import curvatures, second_order_distance
from evaluation.kernels.simulation import exact_count_weights, independent_weights, simulated_distances
from tests.evaluation.kernels.inputs import digit_pairs, gaussian_pairs

INPUTS, DENSE_WIDTH = 784, 8


def related_pairs(count: int, inputs: int) -> Pairs:
    pairs = gaussian_pairs(count, inputs)
    return Pairs(pairs.first, np.linspace(-2, 2, count)[:, None] * pairs.first + pairs.second)


def simulated(pairs: Pairs, width: int, networks: int) -> float:
    generator = np.random.default_rng(width)
    draw = lambda: independent_weights(width, INPUTS, DENSE_WIDTH / width, generator)  # noqa: E731
    return float(simulated_distances(draw, pairs, networks).mean())


def test_the_curvatures_are_second_differences_of_the_kernels() -> None:
    pairs = related_pairs(5, 20)
    overlap, step = np.stack(pairs.overlap())[..., None], 1e-3
    moves = np.stack(pairs.products())
    ends = [arc_cosine_kernels(Overlap(*(overlap + sign * step * moves))) for sign in (1, 0, -1)]
    for order, curvature in enumerate(curvatures(pairs)):
        second = (ends[0][order] - 2 * ends[1][order] + ends[2][order]).sum(axis=1) / step**2
        np.testing.assert_allclose(curvature, 2 * np.pi * second, rtol=1e-4)


@pytest.mark.parametrize("density", [0.01, 0.3, 1.0])
@pytest.mark.parametrize("factor", [1.0, 3.0, -2.0, 0.0])
def test_parallel_pairs_have_no_bias_and_a_known_variance(density: float, factor: float) -> None:
    inputs = gaussian_pairs(5, 784).first
    distance = second_order_distance(Pairs(inputs, factor * inputs), density)
    np.testing.assert_allclose(distance.bias, 0, atol=1e-8)
    square, fourth = (inputs**2).sum(axis=1), (inputs**4).sum(axis=1)
    expected = max(factor, 0) ** 2 * (1.25 * square**2 + 1.5 * (1 - density) / density * fourth) / 784**2
    np.testing.assert_allclose(distance.unit_variance, expected, rtol=1e-7, atol=1e-8)


def test_it_is_theorem_1_where_many_weights_are_kept() -> None:
    pairs = related_pairs(9, INPUTS)
    sampled, expanded = sampled_distance(pairs, 0.2, masks=4000).whole, second_order_distance(pairs, 0.2)
    assert (
        np.abs(expanded.bias - sampled.bias) < 4.5 * np.asarray(sampled.bias_error) + 0.03 * abs(sampled.bias)
    ).all()
    np.testing.assert_allclose(expanded.unit_variance, sampled.unit_variance, rtol=0.02)


@pytest.mark.parametrize("width", [8, 32, 80, 160, 320, 640, 1600])
def test_it_is_within_15_percent_of_simulated_networks(width: int) -> None:
    pairs, density = gaussian_pairs(100, INPUTS), DENSE_WIDTH / width
    distance = simulated(pairs, width, networks=60 + 8000 // width)
    assert second_order_distance(pairs, density).squared(width).mean() == pytest.approx(distance, rel=0.15)
    assert gaussian_distance(INPUTS, width, density) == pytest.approx(distance, rel=0.15)


def test_the_published_formula_is_off_by_ten_where_weights_are_few() -> None:
    width = 640
    pairs, density = gaussian_pairs(100, INPUTS), DENSE_WIDTH / width
    published = published_distance(INPUTS, width, density)
    theorem, error = sampled_distance(pairs, density, masks=2000).mean_squared(width)
    assert published > 10 * (theorem + 4.5 * error)
    assert published > 10 * simulated(pairs, width, networks=60)


def test_digits_come_nearest_at_the_published_widths(real_data: Path) -> None:
    pairs, generator, distances = digit_pairs(real_data, 2000), np.random.default_rng(0), {}
    for width in (32, 128, 216, 328, 512):
        kept = 6352 - 10 * width
        draw = lambda width=width, kept=kept: exact_count_weights(width, INPUTS, kept, generator)  # noqa: E731
        distances[width] = simulated_distances(draw, pairs, networks=6).mean()
        theorem, _ = sampled_distance(pairs, kept / (width * INPUTS), masks=500).mean_squared(width)
        assert distances[width] == pytest.approx(theorem, rel=0.2)
    assert min(distances, key=lambda width: distances[width]) in {128, 216}


def test_digits_have_tails_too_heavy_for_it_where_weights_are_few(real_data: Path) -> None:
    pairs, width = digit_pairs(real_data, 1000), 216
    for density, low, high in ((0.5, 0.9, 1.1), (DENSE_WIDTH / width, 2.0, np.inf)):
        theorem, _ = sampled_distance(pairs, density, masks=500).mean_squared(width)
        assert low < second_order_distance(pairs, density).squared(width).mean() / theorem < high
