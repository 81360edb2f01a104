"""Grouping: means and deviations over seeds and epochs, labels, and who can be compared with whom."""

from dataclasses import replace

import numpy as np
import pytest
from pandas import DataFrame, MultiIndex

from evaluation.grouping import comparable, differing, flat, parallel_recordings, short_labels, summarise
from tests.evaluation.fake_runs import configuration, fake_clips

FEW = fake_clips(scenes=("bus", "park"), locations=1)


def test_the_mean_and_both_deviations_by_hand() -> None:
    index = MultiIndex.from_product([[0, 1, 2], [8, 9]], names=["seed", "epoch"])
    row = summarise(DataFrame({"seen": [0.6, 0.8, 0.7, 0.7, 0.9, 0.9]}, index=index)).loc["seen"]
    assert row["mean"] == pytest.approx((0.7 + 0.7 + 0.9) / 3)
    assert row.sd_seeds == pytest.approx(np.std([0.7, 0.7, 0.9], ddof=1))
    assert row.sd_all == pytest.approx(np.std([0.6, 0.8, 0.7, 0.7, 0.9, 0.9], ddof=1))


def test_a_single_seed_has_no_deviation_over_seeds() -> None:
    index = MultiIndex.from_product([[4], [8, 9]], names=["seed", "epoch"])
    row = summarise(DataFrame({"seen": [0.6, 0.8]}, index=index)).loc["seen"]
    assert np.isnan(row.sd_seeds)
    assert row.sd_all > 0


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        (["demo-base-w32-0000"], ["demo-base-w32"]),
        (["demo-base-w32-0000", "demo-damped-w32-1111"], ["base", "damped"]),
        (["demo-base-w32-0000", "demo-damped-w64-1111"], ["base-w32", "damped-w64"]),
        (["demo-base-w32-0000", "demo-base-w32-1111"], ["0000", "1111"]),
        (
            ["demo-base-w32-0000", "demo-base-w32-1111", "demo-damped-w32-2222"],
            ["base-0000", "base-1111", "damped-2222"],
        ),
        (["demo-base-w32-0000", "mine-1111"], ["demo-base-w32", "mine"]),
        (["plain", "simple"], ["plain", "simple"]),
    ],
)
def test_labels_say_what_differs_and_are_never_the_same(names: list[str], labels: list[str]) -> None:
    assert short_labels(names) == labels


def test_only_configurations_with_the_same_clips_are_compared() -> None:
    first, again = configuration(clips=FEW), configuration("other-1", clips=FEW, damping=0.1)
    fewer = configuration("fewer-1", clips=FEW[1:])
    trained_on_b = configuration("more-1", clips=FEW.assign(seen=FEW.device.isin(["a", "b"])))
    groups = comparable([first, fewer, again, trained_on_b])
    assert [[c.name for c in group] for group in groups] == [[first.name, "other-1", "more-1"], ["fewer-1"]]


def test_scores_are_averaged_over_the_last_epochs_of_each_seed() -> None:
    runs = configuration(clips=FEW, seeds=(0, 3), epochs=(7, 8, 9))
    assert runs.seeds == (0, 3)
    assert (runs.scored_epochs, runs.last_epoch) == (3, 9)
    assert len(runs.averaged) == 2 * len(FEW)
    one = runs.scored[(runs.scored.seed == 3) & (runs.scored["clip"] == FEW["clip"].iloc[5])]
    row = runs.averaged[(runs.averaged.seed == 3) & (runs.averaged["clip"] == FEW["clip"].iloc[5])].iloc[0]
    assert len(one) == 3
    assert (row.correct, row.loss, row.clips) == pytest.approx((one.correct.mean(), one.loss.mean(), 1))


def test_units_are_what_the_split_holds_out() -> None:
    runs = configuration(clips=FEW)
    assert (runs.unit, runs.unit_name) == (["city", "scene"], "(city, scene) pairs")
    official = replace(runs, description={"data": {"split": {"rule": "official"}}})
    assert (official.unit, official.unit_name) == (["location"], "locations")


def test_settings_that_differ_are_found_at_any_depth() -> None:
    assert flat({"a": {"b": {"c": 1}}, "d": [2]}) == {"a.b.c": 1, "d": [2]}
    assert flat({"a": [{"kind": "x", "b": 1}, {"kind": "y"}]}) == {"a.x": True, "a.x.b": 1, "a.y": True}
    assert differing([configuration(clips=FEW), configuration(clips=FEW, damping=0.1)]) == {
        "weights.damped": [None, True],
        "weights.damped.edge": [None, 0.1],
    }


def test_parallel_recordings_are_counted_once() -> None:
    assert parallel_recordings(configuration(clips=FEW).averaged) == FEW.recording.nunique()
    assert parallel_recordings(configuration(clips=FEW[FEW.seen]).averaged) == 0
