"""Tables: the numbers of a report agree with each other and with what they are made of."""

from dataclasses import replace

import numpy as np
import pytest

from evaluation.accuracy import SEEN, UNSEEN
from evaluation.bootstrap import Bootstrap
from evaluation.report import compare
from evaluation.report_files import difference_table
from evaluation.tables import breakdown, group_accuracies, headline, sections
from tests.evaluation.fake_runs import configuration, fake_clips

QUICK = Bootstrap(replicates=200)
RUNS = configuration(seeds=(0, 1), epochs=(28, 29))


def test_the_headline_is_the_mean_over_seeds_and_epochs() -> None:
    row = headline([RUNS]).iloc[0]
    right = RUNS.scored[RUNS.scored.seen].groupby(["seed", "epoch"]).correct.mean()
    assert (row.seeds, row.epochs_averaged, row.test_clips) == (2, 2, 1620)
    assert row.seen == pytest.approx(right.mean())
    assert row.seen_sd_seeds == pytest.approx(right.groupby("seed").mean().std())
    assert row.seen_sd_all == pytest.approx(right.std())
    assert row.gap == pytest.approx(row.seen - row.unseen)


def test_every_device_and_group_has_its_row() -> None:
    table = group_accuracies(RUNS, QUICK)
    assert len(table) == 9 + 8
    assert table.clips[SEEN] + table.clips[UNSEEN] == table.clips["all", "all"] == 1620
    assert table.kind["device", "s1"] == "simulated"
    rows = RUNS.scored[RUNS.scored.device == "s4"]
    assert table.accuracy["device", "s4"] == pytest.approx(rows.correct.mean())
    assert table.log_loss["device", "s4"] == pytest.approx(rows.loss.mean())
    assert table.macro_log_loss["device", "s4"] == pytest.approx(rows.groupby("scene").loss.mean().mean())
    assert (table.low < table.accuracy)[table.clips > 0].all()
    assert (table.macro_low < table.macro)[table.clips > 0].all()


def test_the_headline_is_what_the_devices_table_says_of_the_parts() -> None:
    row, table = headline([RUNS]).iloc[0], group_accuracies(RUNS, QUICK)
    for group, part in ((SEEN, "seen"), (UNSEEN, "unseen")):
        assert row[part] == pytest.approx(table.accuracy[group])
        assert row[f"macro_{part}"] == pytest.approx(table.macro[group])
        assert row[f"macro_log_loss_{part}"] == pytest.approx(table.macro_log_loss[group])


@pytest.mark.parametrize(("column", "rows"), [("scene", 10), ("city", 3)])
def test_breakdowns_add_up(column: str, rows: int) -> None:
    table = breakdown(RUNS, column)
    assert len(table) == rows
    assert table.seen_clips.sum() == 180
    shares = (table.unseen * table.unseen_clips).sum() / table.unseen_clips.sum()
    assert shares == pytest.approx(RUNS.scored[~RUNS.scored.seen].correct.mean())


def test_a_scene_without_test_clips_is_listed_empty() -> None:
    clips = fake_clips(locations=1)
    runs = configuration(clips=clips, epochs=(29,))
    some = type(runs)(**vars(runs) | {"scored": runs.scored[runs.scored.scene != "metro"]})
    assert np.isnan(breakdown(some, "scene").seen["metro"])
    assert np.isnan(group_accuracies(some, QUICK).macro[SEEN]) == np.False_


def test_differences_are_all_from_the_first() -> None:
    runs = [configuration(f"run-{weakness}-x", seeds=(0, 1), weakness=weakness) for weakness in (1.0, 0.6, 0.3)]
    table = difference_table(compare(runs, QUICK))
    assert set(table.compared_with) == {"run-1.0-x"}
    unseen = table[(table.level == "part") & (table.name == "unseen")]
    assert list(unseen.configuration) == ["run-0.6-x", "run-0.3-x"]
    assert list(unseen.verdict) == ["higher", "higher"]


def test_sections_name_every_device_once_and_no_empty_group() -> None:
    clips = fake_clips(locations=1)
    runs = configuration(clips=clips[clips.device.isin(["a", "s1"])], epochs=(29,))
    found = {heading: [name for name, _ in rows] for heading, rows in sections(group_accuracies(runs, QUICK))}
    assert found == {
        "seen, reference": ["a"],
        "unseen, simulated": ["s1"],
        "groups of devices": ["all", "seen", "unseen", "reference", "simulated unseen"],
    }


def test_one_seed_gives_differences_and_no_verdict() -> None:
    runs = [configuration("base-x"), configuration("better-x", seeds=(0, 1), weakness=0.3)]
    table = difference_table(compare(runs, QUICK))
    assert (table.difference.abs() > 0).any()
    assert set(table.verdict) == {""}
    assert table[["low", "high", "p_holm"]].isna().all(axis=None)


def test_runs_trained_on_one_device_and_on_all_are_compared() -> None:
    clips = fake_clips()
    runs = [
        configuration("one-x", clips, seeds=(0, 1)),
        configuration("all-x", clips.assign(seen=True), seeds=(0, 1), weakness=0.3),
    ]
    found = compare(runs, QUICK)
    table = difference_table(found).set_index(["level", "name"])
    assert table.difference[UNSEEN] > 0
    one, everywhere = (result.groups for result in found.results)
    for index in (SEEN, UNSEEN, ("group", "real unseen"), ("device", "b")):
        assert one.clips[index] == everywhere.clips[index]
        assert table.difference[index] == pytest.approx(everywhere.accuracy[index] - one.accuracy[index])
    assert everywhere.change.isna().all()  # trained on every device, it has no unseen ones of its own
    scenes = found.results[1].scenes
    assert scenes.unseen_clips.sum() == 1440
    expected = runs[1].scored[runs[1].scored.device != "a"].groupby("scene").correct.mean()
    assert scenes.unseen.to_numpy() == pytest.approx(expected[scenes.index].to_numpy())
    assert breakdown(runs[1], "scene").unseen_clips.sum() == 0


def test_intervals_of_a_comparison_are_over_the_units_of_the_first() -> None:
    one, two = (configuration(name, seeds=(0, 1)) for name in ("pairs-x", "locations-x"))
    two = replace(two, description=two.description | {"data": {"split": {"rule": "list"}}})
    assert (two.unit, group_accuracies(two, QUICK).units["all", "all"]) == (["location"], 60)
    found = compare([one, two], QUICK)
    assert "(city, scene) pairs" in found.held
    assert [result.groups.units["all", "all"] for result in found.results] == [30, 30]


def test_sets_with_different_reference_devices_are_compared_in_the_groups_of_the_first() -> None:
    clips = fake_clips(locations=1)
    other = clips.assign(kind=clips.kind.replace("reference", "real").mask(clips.device == "b", "reference"))
    results = compare([configuration("a-x", clips), configuration("b-x", other)], QUICK).results
    one, two = (result.groups for result in results)
    assert one.clips["group", "reference"] == two.clips["group", "reference"] == 90
    assert one.clips["group", "real unseen"] == two.clips["group", "real unseen"] == 180
