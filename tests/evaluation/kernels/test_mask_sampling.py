"""Theorem 1 by drawing masks against enumeration: values, unbiasedness, and honest errors."""

import numpy as np
import pytest
from scipy import stats

from common.errors import ConfigError
from evaluation.kernels import mask_sampling
from evaluation.kernels.enumeration import all_masks, enumerated_distance
from evaluation.kernels.mask_sampling import nonempty_masks, sampled_distance
from evaluation.kernels.pairs import Pairs
from tests.evaluation.kernels.inputs import gaussian_pairs, largest_z


@pytest.mark.parametrize("density", [0.02, 0.3, 0.7])
def test_it_agrees_with_enumeration(density: float) -> None:
    pairs = gaussian_pairs(6, 10)
    exact, sampled = enumerated_distance(pairs, density), sampled_distance(pairs, density, groups=100)
    assert np.abs((sampled.whole.bias - exact.bias) / sampled.whole.bias_error).max() < 4.5
    values, errors = sampled.squared(4)
    np.testing.assert_array_equal(values, sampled.whole.squared(4))
    assert np.abs((values - exact.squared(4)) / errors).max() < 4.5


def test_few_masks_give_an_unbiased_squared_bias_and_honest_errors() -> None:
    pairs, density, width = gaussian_pairs(4, 10), 0.3, 100
    exact = enumerated_distance(pairs, density)
    drawn = [sampled_distance(pairs, density, masks=100, seed=seed) for seed in range(400)]
    corrected = np.stack([sample.whole.bias_squared for sample in drawn])
    naive = np.stack([sample.whole.bias**2 for sample in drawn])
    assert largest_z(corrected, exact.bias_squared) < 4.5
    assert largest_z(naive, exact.bias_squared) > 4.5
    means, errors = np.array([sample.mean_squared(width) for sample in drawn]).T
    assert 0.8 < np.std((means - exact.squared(width).mean()) / errors) < 1.4


def test_the_control_takes_most_of_the_error_out() -> None:
    pairs, density, masks = gaussian_pairs(3, 784), 0.05, 2000
    error = sampled_distance(pairs, density, masks=masks).whole.bias_error
    # Without a control, a quarter of the inner product's spread is left (orthogonal vectors).
    spread = np.sqrt((1 - density) / density * (pairs.products().inner ** 2).sum(axis=1)) / 4
    assert (np.asarray(error) < 0.6 * spread / np.sqrt(masks) / 784).all()


def test_the_diagonal_is_exact_but_for_its_variance() -> None:
    inputs = gaussian_pairs(3, 784).first
    sampled = sampled_distance(Pairs(inputs, inputs), 0.05, masks=2000, groups=40)
    np.testing.assert_allclose(sampled.whole.bias, 0, atol=1e-8)
    expected = 1.25 * (inputs**2).sum(axis=1) ** 2 + 1.5 * 19 * (inputs**4).sum(axis=1)
    values, errors = sampled.squared(10)
    assert np.abs((values - expected / 784**2 / 10) / errors).max() < 4.5


def test_without_sparsity_there_is_nothing_to_draw() -> None:
    sampled = sampled_distance(gaussian_pairs(3, 20), 1.0, masks=100)
    np.testing.assert_allclose(sampled.whole.bias, 0, atol=1e-14)
    assert sampled.mean_squared(8)[1] < 1e-12


def test_masks_follow_the_law_of_those_not_empty() -> None:
    inputs, density, count = 4, 0.3, 40_000
    drawn = nonempty_masks(count, inputs, density, np.random.default_rng(0))
    seen = np.bincount(drawn @ (1 << np.arange(inputs)), minlength=2**inputs)
    kept = next(all_masks(inputs, 2**inputs)).sum(axis=1)
    chances = density**kept * (1 - density) ** (inputs - kept)
    assert seen[0] == 0
    assert stats.chisquare(seen[1:], chances[1:] / chances[1:].sum() * count).pvalue > 1e-4


def test_drawing_in_blocks_changes_only_the_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = gaussian_pairs(3, 10)
    whole = sampled_distance(pairs, 0.4, groups=50)
    monkeypatch.setattr(mask_sampling, "_CELLS", 1000)
    blocks = sampled_distance(pairs, 0.4, groups=50)
    (value, error), (other, other_error) = whole.mean_squared(8), blocks.mean_squared(8)
    assert abs(value - other) < 4.5 * np.hypot(error, other_error)


@pytest.mark.parametrize(("masks", "groups", "named"), [(1000, 1, "groups"), (50, 10, "masks")])
def test_too_few_masks_are_refused(masks: int, groups: int, named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        sampled_distance(gaussian_pairs(1, 4), 0.5, masks=masks, groups=groups)
