"""Intervals against closed forms, by simulation, and where they must not exist."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from pandas import DataFrame, MultiIndex
from scipy import stats

from common.errors import ConfigError, DataError
from evaluation import bootstrap
from evaluation.accuracy import SEEN, UNSEEN, accuracy
from evaluation.bootstrap import Bootstrap, clopper_pearson, interval
from evaluation.intervals import accuracy_interval, difference, loss_on_unseen
from evaluation.predictions import score
from evaluation.sums import Sums
from tests.evaluation.fake_runs import fake_clips, predictions

QUICK = Bootstrap(replicates=1000)
MANY = Bootstrap(replicates=20_000)
PAIRS = ["city", "scene"]
ONE_GROUP = MultiIndex.from_tuples([("all", "all")], names=["level", "name"])


def sums(right: NDArray[np.float64], clips: int = 1) -> Sums:
    """Sums of one group, from the number of clips classified right per (seed, unit)."""
    measured = right[:, :, None, None].astype(float)
    counted = np.full(measured.shape[1:], float(clips))
    return Sums(measured=measured, clips=counted, groups=ONE_GROUP, units=tuple(range(right.shape[1])))


def scored(seeds: tuple[int, ...] = (0, 1), **how: Any) -> DataFrame:
    return pd.concat([score(predictions(fake_clips(), seed=seed, **how)).assign(seed=seed) for seed in seeds])


@pytest.mark.parametrize("share", [0.5, 0.8, 0.95])
def test_one_clip_per_unit_and_one_seed_give_the_binomial_interval(share: float) -> None:
    clips = 1000
    right = (np.arange(clips) < share * clips)[None]
    row = interval([sums(right)], MANY, share=True).iloc[0]
    margin = stats.t.ppf(0.975, clips - 1) * np.sqrt(share * (1 - share) / (clips - 1))
    assert row.estimate == pytest.approx(share)
    assert row.low == pytest.approx(share - margin, abs=0.03 * margin)
    assert row.high == pytest.approx(share + margin, abs=0.03 * margin)


def test_seeds_alone_give_the_interval_of_welch() -> None:
    # Every unit is alike, so that only seeds vary: the interval of the difference is that of Welch's test.
    first, second = np.array([61.0, 64.0, 66.0]), np.array([68.0, 71.0, 70.0, 73.0])
    arms = [sums(np.repeat(values[:, None], 25, axis=1), clips=100) for values in (first, second)]
    row = interval(arms, MANY).iloc[0]
    expected = stats.ttest_ind(second / 100, first / 100, equal_var=False)
    low, high = expected.confidence_interval(0.95)
    assert row.freedom == pytest.approx(expected.df, rel=0.03)
    assert row.p == pytest.approx(expected.pvalue, rel=0.06)
    assert (row.low, row.high) == pytest.approx((low, high), abs=0.002)


def test_units_alone_give_the_interval_of_the_paired_test() -> None:
    # Every seed is alike, so that only units vary: the interval is that of the paired t-test over units.
    generator = np.random.default_rng(0)
    first, second = generator.binomial(50, 0.6, 30) / 50, generator.binomial(50, 0.63, 30) / 50
    arms = [sums(np.repeat(values[None], 3, axis=0)) for values in (first, second)]
    row = interval(arms, MANY).iloc[0]
    expected = stats.ttest_rel(second, first)
    low, high = expected.confidence_interval(0.95)
    assert row.freedom == pytest.approx(expected.df, rel=1e-9)
    assert row.p == pytest.approx(expected.pvalue, rel=0.1)
    assert (row.low, row.high) == pytest.approx((low, high), abs=0.002)


def test_units_that_resemble_themselves_are_not_counted_clip_by_clip() -> None:
    ease = np.random.default_rng(1).beta(1.4, 0.6, size=(1, 50))
    row = interval([sums(np.round(12 * ease), clips=12)], QUICK, share=True).iloc[0]
    naive = 2 * 1.96 * np.sqrt(row.estimate * (1 - row.estimate) / 600)
    assert row.high - row.low > 1.5 * naive


@pytest.mark.parametrize("right", [0, 1])
def test_nothing_or_everything_right_is_not_certain(right: int) -> None:
    row = interval([sums(np.full((2, 8), right))], QUICK, share=True).iloc[0]
    expected = stats.binomtest(8 * right, 8).proportion_ci(method="exact")
    assert (row.low, row.high) == pytest.approx((expected.low, expected.high))
    assert row.high - row.low > 0.3


def test_clopper_and_pearson_is_scipys() -> None:
    right, trials = np.array([0.0, 3.0, 8.0]), np.array([8, 10, 8])
    for low, high, k, n in zip(*clopper_pearson(right, trials, 0.95), right, trials, strict=True):
        expected = stats.binomtest(int(k), int(n)).proportion_ci(method="exact")
        assert (low, high) == pytest.approx((expected.low, expected.high))


def test_an_interval_of_a_share_stays_between_0_and_1() -> None:
    right = np.ones((1, 30))
    right[0, 0] = 0
    assert interval([sums(right)], QUICK, share=True).high.iloc[0] == 1


def test_the_interval_is_centred_on_the_accuracy_of_every_group() -> None:
    rows = scored()
    table = accuracy_interval(rows, PAIRS, QUICK)
    expected = accuracy(rows, ["epoch"]).iloc[0]
    pd.testing.assert_series_equal(table.estimate, expected, check_names=False)
    known = table[expected.notna()]
    assert ((known.low < known.estimate) & (known.estimate < known.high)).all()


def test_the_macro_interval_is_centred_on_the_mean_over_scenes() -> None:
    rows = scored()
    rows = rows[(rows.scene != "park") | (rows.city == "lyon")]  # scenes of different size
    table = accuracy_interval(rows, PAIRS, QUICK, macro=True)
    assert table.estimate[UNSEEN] == pytest.approx(rows[~rows.seen].groupby("scene").correct.mean().mean())
    assert table.low[UNSEEN] < table.estimate[UNSEEN] < table.high[UNSEEN]


def test_seeds_are_averaged_not_counted_as_more_clips() -> None:
    one = accuracy_interval(scored((0,)), PAIRS, QUICK).loc[[UNSEEN]]
    again = pd.concat([scored((0,)), scored((0,)).assign(seed=1)])
    twice = accuracy_interval(again, PAIRS, QUICK).loc[[UNSEEN]]
    pd.testing.assert_frame_equal(one.drop(columns="p"), twice.drop(columns="p"))


def test_rows_in_another_order_give_the_same_bits() -> None:
    rows = scored()
    ordered, shuffled = (accuracy_interval(r, PAIRS, QUICK) for r in (rows, rows.sample(frac=1, random_state=0)))
    pd.testing.assert_frame_equal(ordered, shuffled, check_exact=True)


def test_drawing_in_blocks_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = accuracy_interval(scored(), PAIRS, QUICK)
    monkeypatch.setattr(bootstrap, "_CELLS", 700)
    bootstrap._draws.cache_clear()
    pd.testing.assert_frame_equal(accuracy_interval(scored(), PAIRS, QUICK), whole)


def test_a_single_unit_has_no_interval() -> None:
    rows = scored()
    row = accuracy_interval(rows[rows.location == rows.location.iloc[0]], PAIRS, QUICK).loc[[SEEN]].iloc[0]
    assert row.units == 1
    assert np.isnan(row[["low", "high", "p"]].astype(float)).all()


def test_one_seed_gives_an_accuracy_its_interval_over_units_and_a_difference_none() -> None:
    one, two = scored((0,)), scored((1, 2), weakness=0.3)
    row = accuracy_interval(one, PAIRS, QUICK).loc[[UNSEEN]].iloc[0]
    assert row.low < row.estimate < row.high
    assert np.isnan(row.p)
    for pair in ((one, two), (two, one)):
        assert difference(*pair, PAIRS, QUICK)[["low", "high", "p"]].isna().all(axis=None)


def test_equal_predictions_differ_by_nothing_and_have_no_verdict() -> None:
    same = pd.concat([scored((0,)).assign(seed=seed) for seed in (0, 1)])
    table = difference(same, same, PAIRS, QUICK)
    assert (table.estimate.dropna() == 0).all()
    assert table.p.isna().all()


def test_the_difference_is_that_of_the_accuracies_and_turns_round() -> None:
    weak, strong = scored(), scored(weakness=0.6)
    there, back = difference(weak, strong, PAIRS, QUICK), difference(strong, weak, PAIRS, QUICK)
    expected = accuracy(strong, ["epoch"]).iloc[0] - accuracy(weak, ["epoch"]).iloc[0]
    np.testing.assert_allclose(there.estimate, expected, atol=1e-12)
    np.testing.assert_allclose(there.low, -back.high, atol=1e-12)


def test_pairing_narrows_the_interval() -> None:
    weak, strong = scored((0, 1, 2)), scored((0, 1, 2), weakness=0.6)
    paired = difference(weak, strong, PAIRS, QUICK).loc[[UNSEEN]].iloc[0]
    apart = [accuracy_interval(rows, PAIRS, QUICK).loc[[UNSEEN]].iloc[0] for rows in (weak, strong)]
    assert paired.error < 0.7 * np.sqrt(sum(row.error**2 for row in apart))


def test_configurations_trained_on_other_devices_are_compared_by_the_first_ones_groups() -> None:
    one = scored()
    everywhere = scored(weakness=0.2).assign(seen=True)
    table = difference(one, everywhere, PAIRS, QUICK)
    unseen = ~one.seen.to_numpy()
    expected = everywhere.correct.to_numpy()[unseen].mean() - one.correct.to_numpy()[unseen].mean()
    assert table.estimate[UNSEEN] == pytest.approx(expected)


def test_different_clips_cannot_be_compared() -> None:
    rows = scored()
    with pytest.raises(DataError, match="the same test clips"):
        difference(rows, rows[rows["clip"] != rows["clip"].iloc[0]], PAIRS, QUICK)


def test_the_loss_on_unseen_devices_counts_only_recordings_that_both_made() -> None:
    rows = scored()
    lone = rows[~rows.seen | (rows.recording.str[-1] == "0")]
    table = loss_on_unseen(lone, PAIRS, QUICK)
    paired = rows[rows.recording.str[-1] == "0"]
    expected = accuracy(paired, ["epoch"]).iloc[0]
    assert table.estimate["device", "s6"] == pytest.approx(expected["device", "s6"] - expected[SEEN])
    assert table.estimate[UNSEEN] == pytest.approx(expected[UNSEEN] - expected[SEEN])
    assert np.isnan(table.estimate[SEEN])
    assert table.high["device", "s6"] < 0


def test_without_parallel_recordings_there_is_no_loss_to_tell() -> None:
    rows = scored()
    alone = rows.assign(recording=rows["clip"])
    assert loss_on_unseen(alone, PAIRS, QUICK)[["estimate", "low", "high"]].isna().all(axis=None)


@pytest.mark.parametrize("wrong", [{"replicates": 10}, {"level": 1.0}, {"level": 0.0}])
def test_settings_out_of_range_are_named(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        Bootstrap(**wrong)  # type: ignore[arg-type]
