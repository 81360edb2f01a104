"""Pixels against scikit-learn's scaler; pairs of different digits."""

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from common.errors import ConfigError
from recipes.golubeva2021.digits import different_pairs, digit_pairs, normalised_digits
from tests.recipes.golubeva2021.making import few_digits

IMAGES = np.random.default_rng(1).integers(0, 256, size=(2500, 1, 3, 4)).astype(np.uint8)


def test_each_thousand_is_normalised_by_itself() -> None:
    found = normalised_digits(IMAGES, IMAGES[:1], "per_thousand")
    for start in (0, 1000, 2000):
        batch = IMAGES[start : start + 1000].reshape(-1, 12).astype(float)
        np.testing.assert_allclose(found[start : start + 1000], StandardScaler().fit_transform(batch))


@pytest.mark.parametrize(("normalisation", "used"), [("training_set", 2500), ("training_sample", 2048)])
def test_training_digits_normalise_the_test(normalisation: str, used: int) -> None:
    test, training = IMAGES[:5], IMAGES.copy()
    training[used:] = 0
    scaler = StandardScaler().fit(training[:used].reshape(used, -1).astype(float))
    found = normalised_digits(test, training, normalisation)  # type: ignore[arg-type]
    np.testing.assert_allclose(found, scaler.transform(test.reshape(5, -1).astype(float)))


def test_pixels_that_never_change_are_zero_even_where_the_test_digit_has_ink() -> None:
    training = IMAGES[:50].copy()
    training[:, 0, 0, 0] = 7
    assert (normalised_digits(IMAGES[:5], training, "training_set")[:, 0] == 0).all()


def test_pairs_are_of_different_digits_and_every_digit_is_on_either_side_once() -> None:
    digits = np.arange(100.0)[:, None]
    pairs = different_pairs(digits, 100, seed=3)
    assert (pairs.first != pairs.second).all()
    for side in (pairs.first, pairs.second):
        assert sorted(side[:, 0]) == sorted(digits[:, 0])
    again, other = different_pairs(digits, 40, seed=3), different_pairs(digits, 40, seed=4)
    np.testing.assert_array_equal(again.first, pairs.first[:40])
    assert (other.first != again.first).any()


@pytest.mark.parametrize("count", [0, 61])
def test_numbers_of_pairs_that_cannot_be_are_named(count: int) -> None:
    with pytest.raises(ConfigError, match="pairs"):
        digit_pairs(few_digits(), "per_thousand", count, seed=0)
