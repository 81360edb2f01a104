"""Intervals against closed forms, by simulation, and where they must not exist."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from pandas import DataFrame

from common.errors import ConfigError, DataError
from evaluation import intervals
from evaluation.accuracy import SEEN, UNSEEN, accuracy
from evaluation.intervals import Bootstrap, accuracy_interval, difference, interval, loss_on_unseen
from evaluation.predictions import score
from tests.evaluation.fake_runs import fake_clips, predictions

QUICK = Bootstrap(replicates=1000)


def sums(values: NDArray[np.float64]) -> DataFrame:
    return DataFrame(values, columns=pd.MultiIndex.from_tuples([("all", "all")]))


def finals(seed: int = 0, **how: Any) -> DataFrame:
    return score(predictions(fake_clips(), seed=seed, **how)).assign(seed=seed)


@pytest.mark.parametrize("share", [0.5, 0.8, 0.95])
def test_one_clip_per_location_gives_the_binomial_interval(share: float) -> None:
    clips = 1000
    right = sums((np.arange(clips) < share * clips).astype(float)[:, None])
    row = interval(right, right * 0 + 1, Bootstrap(replicates=20_000)).iloc[0]
    margin = 1.959964 * np.sqrt(share * (1 - share) / clips)
    assert row.estimate == pytest.approx(share)
    assert row.low == pytest.approx(share - margin, abs=0.08 * margin)
    assert row.high == pytest.approx(share + margin, abs=0.08 * margin)


def test_intervals_cover_the_truth_where_intervals_over_clips_do_not() -> None:
    generator = np.random.default_rng(1)
    trials, places, takes = 300, 50, 12
    covered = naive = 0
    for trial in range(trials):
        ease = generator.beta(1.4, 0.6, size=(places, 1))  # mean 0.7; clips of one location resemble each other
        right = generator.binomial(takes, ease).astype(float)
        row = interval(sums(right), sums(np.full_like(right, takes)), Bootstrap(replicates=400, seed=trial)).iloc[0]
        covered += row.low <= 0.7 <= row.high
        naive += abs(row.estimate - 0.7) <= 1.96 * np.sqrt(row.estimate * (1 - row.estimate) / (places * takes))
    assert 0.90 <= covered / trials <= 0.98
    assert naive / trials < 0.75


def test_the_interval_is_centred_on_the_accuracy_of_every_group() -> None:
    scored = finals()
    table = accuracy_interval(scored, QUICK)
    expected = accuracy(scored, ["epoch"]).iloc[0]
    pd.testing.assert_series_equal(table.estimate, expected, check_names=False)
    known = table[expected.notna()]
    assert ((known.low < known.estimate) & (known.estimate < known.high)).all()


def test_seeds_are_averaged_not_counted_as_more_clips() -> None:
    one = accuracy_interval(finals(), QUICK).loc[[UNSEEN]]
    twice = accuracy_interval(pd.concat([finals(), finals().assign(seed=1)]), QUICK).loc[[UNSEEN]]
    pd.testing.assert_frame_equal(one, twice)


def test_rows_in_another_order_give_the_same_bits() -> None:
    scored = finals()
    ordered, shuffled = (accuracy_interval(rows, QUICK) for rows in (scored, scored.sample(frac=1, random_state=0)))
    pd.testing.assert_frame_equal(ordered, shuffled, check_exact=True)


def test_drawing_in_blocks_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = accuracy_interval(finals(), QUICK)
    monkeypatch.setattr(intervals, "_CELLS", 700)
    pd.testing.assert_frame_equal(accuracy_interval(finals(), QUICK), whole)


def test_a_single_location_has_no_interval() -> None:
    scored = finals()
    row = accuracy_interval(scored[scored.location == scored.location[0]], QUICK).loc[[SEEN]].iloc[0]
    assert row.locations == 1
    assert np.isnan(row.low)
    assert np.isnan(row.high)


def test_equal_predictions_differ_by_exactly_nothing() -> None:
    table = difference(finals(), finals(), QUICK)
    assert (table[["estimate", "low", "high"]].fillna(0) == 0).all(axis=None)


def test_the_difference_is_that_of_the_accuracies_and_turns_round() -> None:
    weak, strong = finals(), finals(weakness=0.6)
    there, back = difference(weak, strong, QUICK), difference(strong, weak, QUICK)
    expected = accuracy(strong, ["epoch"]).iloc[0] - accuracy(weak, ["epoch"]).iloc[0]
    np.testing.assert_allclose(there.estimate, expected, atol=1e-12)
    np.testing.assert_allclose(there.low, -back.high, atol=1e-12)


def test_pairing_narrows_the_interval() -> None:
    weak, strong = finals(), finals(weakness=0.6)
    paired = difference(weak, strong, QUICK).loc[[UNSEEN]].iloc[0]
    apart = [accuracy_interval(scored, QUICK).loc[[UNSEEN]].iloc[0] for scored in (weak, strong)]
    unpaired = np.sqrt(sum((row.high - row.low) ** 2 for row in apart))
    assert paired.high - paired.low < 0.7 * unpaired


def test_two_seeds_can_be_compared_with_one() -> None:
    both = pd.concat([finals(0), finals(1)])
    expected = accuracy(both, ["epoch"]).iloc[0] - accuracy(finals(2), ["epoch"]).iloc[0]
    np.testing.assert_allclose(difference(finals(2), both, QUICK).estimate, expected, atol=1e-12)


def test_different_clips_or_unseen_devices_cannot_be_compared() -> None:
    scored = finals()
    for other in (scored[1:], scored.assign(seen=scored.device.isin(["a", "b"]))):
        with pytest.raises(DataError, match="the same clips"):
            difference(scored, other, QUICK)


def test_the_loss_on_unseen_devices_counts_only_recordings_that_both_made() -> None:
    scored = finals()
    lone = scored[~scored.seen | (scored.recording.str[-1] == "0")]
    table = loss_on_unseen(lone, QUICK)
    paired = scored[scored.recording.str[-1] == "0"]
    expected = accuracy(paired, ["epoch"]).iloc[0]
    assert table.estimate["device", "s6"] == pytest.approx(expected["device", "s6"] - expected[SEEN])
    assert table.estimate[UNSEEN] == pytest.approx(expected[UNSEEN] - expected[SEEN])
    assert np.isnan(table.estimate[SEEN])
    assert table.high["device", "s6"] < 0


def test_without_parallel_recordings_there_is_no_loss_to_tell() -> None:
    scored = finals()
    alone = scored.assign(recording=scored["clip"])
    assert loss_on_unseen(alone, QUICK)[["estimate", "low", "high"]].isna().all(axis=None)


@pytest.mark.parametrize("wrong", [{"replicates": 10}, {"level": 1.0}, {"level": 0.0}])
def test_settings_out_of_range_are_named(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        Bootstrap(**wrong)  # type: ignore[arg-type]
