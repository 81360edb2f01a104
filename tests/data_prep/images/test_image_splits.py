"""Splits of images: disjoint, as large as asked, the same for the same seed, fair to classes where that is asked."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from common.errors import ConfigError
from data_prep.images.splits import ImageSplitSettings, scored_rows, split_rows


@given(
    labels=st.lists(st.integers(0, 4), min_size=2, max_size=60),
    held_out=st.floats(0, 0.9) | st.integers(1, 59),
    share=st.floats(0, 1),
    stratified=st.booleans(),
    seed=st.integers(0, 9),
)
def test_parts_are_disjoint_and_as_large_as_asked(
    labels: list[int], held_out: float, share: float, stratified: bool, seed: int
) -> None:
    numbers = np.array(labels)
    expected = round(held_out * len(numbers)) if held_out < 1 else int(held_out)
    if expected >= len(numbers):
        with pytest.raises(ConfigError, match="validation"):
            split_rows(numbers, ImageSplitSettings(validation=held_out))
        return
    used = max(1, round(share * (len(numbers) - expected)))
    settings = ImageSplitSettings(validation=held_out, train_examples=used, stratified=stratified, seed=seed)
    rows = split_rows(numbers, settings)
    assert (len(rows.train), len(rows.validation)) == (used, expected)
    assert len(set(rows.train) | set(rows.validation)) == used + expected
    assert set(rows.train) | set(rows.validation) <= set(range(len(numbers)))
    assert (np.diff(rows.train) > 0).all()
    if stratified:
        for part in (rows.train, rows.validation):
            shares = np.bincount(numbers, minlength=5) * len(part) / len(numbers)
            assert (np.abs(np.bincount(numbers[part], minlength=5) - shares) <= 2.5).all()


def test_classes_have_their_shares_where_asked() -> None:
    labels = np.repeat(np.arange(10), 500)
    rows = split_rows(labels, ImageSplitSettings(validation=0.1, train_examples=2_048, stratified=True))
    assert np.bincount(labels[rows.validation]).tolist() == [50] * 10
    assert set(np.bincount(labels[rows.train])) == {204, 205}
    plain = split_rows(labels, ImageSplitSettings(validation=0.1))
    assert len(set(np.bincount(labels[plain.validation]))) > 1


def test_the_papers_splits() -> None:
    labels = np.arange(50_000) % 10
    rows = split_rows(labels, ImageSplitSettings(validation=5_000))
    assert (len(rows.train), len(rows.validation)) == (45_000, 5_000)
    rows = split_rows(labels, ImageSplitSettings(validation=0.1))
    assert (len(rows.train), len(rows.validation)) == (45_000, 5_000)
    all_of_it = split_rows(labels, ImageSplitSettings())
    assert_array_equal(all_of_it.train, np.arange(50_000))
    assert len(all_of_it.validation) == 0


@pytest.mark.parametrize("stratified", [False, True])
def test_fewer_examples_are_among_more_and_none_is_held_out(stratified: bool) -> None:
    labels = np.random.default_rng(0).integers(0, 7, 1_000)
    cuts = [
        split_rows(labels, ImageSplitSettings(validation=100, train_examples=n, stratified=stratified, seed=3))
        for n in (64, 512, 900)
    ]
    for few, more in pairwise(cuts):
        assert set(few.train) < set(more.train)
        assert_array_equal(few.validation, more.validation)
    other = split_rows(labels, ImageSplitSettings(validation=100, train_examples=64, stratified=stratified, seed=4))
    assert set(other.train) != set(cuts[0].train)


@pytest.mark.parametrize("stratified", [False, True])
def test_every_example_is_as_likely(stratified: bool) -> None:
    """To be held out, of 12; where classes have their shares, of those of its class."""
    labels = np.array([0, 1, 0, 2, 0, 1, 0, 1, 0, 2, 1, 0])
    settings = [ImageSplitSettings(validation=3, stratified=stratified, seed=seed) for seed in range(2_000)]
    counts = np.bincount(np.concatenate([split_rows(labels, each).validation for each in settings]), minlength=12)
    for of_class in [labels == number for number in range(3)] if stratified else [labels >= 0]:
        assert scipy.stats.chisquare(counts[of_class]).pvalue > 1e-4


@pytest.mark.parametrize(
    ("field", "value"),
    [("validation", -0.1), ("validation", 1.5), ("train_examples", 0), ("seed", -1)],
)
def test_settings_are_checked(field: str, value: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        ImageSplitSettings(**{field: value})
    assert caught.value.field == field


def test_too_many_examples() -> None:
    with pytest.raises(ConfigError, match="at most 90, of 100 without the 10 held out"):
        split_rows(np.zeros(100, np.int64), ImageSplitSettings(validation=10, train_examples=91))
    with pytest.raises(ConfigError, match="less than the 100"):
        split_rows(np.zeros(100, np.int64), ImageSplitSettings(validation=100))


def test_fewer_test_examples_are_among_more() -> None:
    few, more, all_of_them = (scored_rows(50, ImageSplitSettings(test_examples=count)) for count in (5, 20, None))
    assert (len(few), len(more)) == (5, 20)
    assert set(few) < set(more)
    assert_array_equal(all_of_them, np.arange(50))
    with pytest.raises(ConfigError, match="test_examples"):
        scored_rows(4, ImageSplitSettings(test_examples=5))
    with pytest.raises(ConfigError, match="test_examples"):
        ImageSplitSettings(test_examples=0)
