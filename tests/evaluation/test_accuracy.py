"""Accuracy: hand-computed tables, scikit-learn, and what no order of rows may change."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas import DataFrame
from sklearn import metrics

from common.natural_order import natural_key
from evaluation import accuracy as measures
from evaluation.accuracy import ALL, SEEN, UNSEEN, accuracy, confusion, log_loss, macro_average, totals
from evaluation.predictions import score
from tests.evaluation.fake_runs import SCENES, fake_clips, predictions

SCORED = score(pd.concat([predictions(fake_clips(), epoch) for epoch in (8, 9)]))


def by_hand(rows: list[tuple[str, str, str, int]]) -> DataFrame:
    """Scored rows from (device, kind, scene, correct); only device a was trained on."""
    table = DataFrame(rows, columns=["device", "kind", "scene", "correct"]).astype({"correct": float})
    return table.assign(epoch=0, seen=table.device == "a", clips=1.0, loss=1.0 - table.correct)


HAND = by_hand(
    [
        ("a", "reference", "bus", 1),
        ("a", "reference", "bus", 1),
        ("a", "reference", "park", 0),
        ("b", "real", "bus", 1),
        ("b", "real", "park", 0),
        ("s1", "simulated", "park", 0),
        ("s1", "simulated", "park", 0),
        ("s1", "simulated", "park", 1),
    ]
)


@pytest.mark.parametrize(
    ("group", "clips", "right", "macro"),
    [
        (("device", "a"), 3, 2 / 3, 1 / 2),
        (("device", "b"), 2, 1 / 2, 1 / 2),
        (("device", "s1"), 3, 1 / 3, 1 / 3),
        (SEEN, 3, 2 / 3, 1 / 2),
        (UNSEEN, 5, 2 / 5, (1 + 1 / 4) / 2),
        (("group", "simulated unseen"), 3, 1 / 3, 1 / 3),
        (("group", "real unseen"), 2, 1 / 2, 1 / 2),
        (ALL, 8, 4 / 8, (3 / 3 + 1 / 5) / 2),
    ],
)
def test_a_table_computed_by_hand(group: tuple[str, str], clips: int, right: float, macro: float) -> None:
    assert totals(HAND, ["clips"], ["epoch"])["clips"].loc[0, group] == clips
    assert accuracy(HAND, ["epoch"]).loc[0, group] == pytest.approx(right)
    assert macro_average(HAND, ["epoch"]).loc[0, group] == pytest.approx(macro)


def test_a_group_without_devices_has_no_clips_and_no_accuracy() -> None:
    only = HAND[HAND.seen]
    assert totals(only, ["clips"], ["epoch"])["clips"].loc[0, UNSEEN] == 0
    for measure in (accuracy, macro_average, log_loss):
        assert measure(only, ["epoch"])[UNSEEN].isna().all()


def test_devices_come_reference_first_then_real_then_simulated_in_the_order_people_count() -> None:
    names = {"s10": "simulated", "s2": "simulated", "zoom": "reference", "c": "real", "pixel 10": "real"}
    rows = [(name, kind, "bus", 1) for name, kind in (names | {"pixel 9": "real"}).items()]
    assert list(measures.device_table(by_hand(rows)).device) == ["zoom", "c", "pixel 9", "pixel 10", "s2", "s10"]


def test_devices_named_like_groups_stay_devices() -> None:
    scored = by_hand([("a", "reference", "bus", 1), ("seen", "real", "bus", 0), ("all", "real", "bus", 0)])
    right = accuracy(scored, ["epoch"]).loc[0]
    assert right[SEEN] == 1
    assert right["device", "seen"] == right["device", "all"] == 0


@given(st.lists(st.text(), min_size=2))
def test_any_names_can_be_sorted(names: list[str]) -> None:
    assert sorted(names, key=natural_key) == sorted(reversed(names), key=natural_key)


@pytest.mark.parametrize("part", [SEEN, UNSEEN])
def test_accuracy_and_macro_average_are_those_of_scikit_learn(part: tuple[str, str]) -> None:
    rows = SCORED[(SCORED.epoch == 9) & (SCORED.seen == (part == SEEN))]
    assert accuracy(SCORED, ["epoch"]).loc[9, part] == pytest.approx(metrics.accuracy_score(rows.scene, rows.predicted))
    expected = metrics.balanced_accuracy_score(rows.scene, rows.predicted)
    assert macro_average(SCORED, ["epoch"]).loc[9, part] == pytest.approx(expected)


def test_log_loss_of_a_device_is_that_of_scikit_learn() -> None:
    table = predictions(fake_clips())
    rows = table[table.device == "s3"]
    odds = np.exp(rows.filter(like="logit:").to_numpy(float))
    expected = metrics.log_loss(rows.scene, odds / odds.sum(1, keepdims=True), labels=SCENES)
    assert log_loss(score(table), ["epoch"]).loc[0, ("device", "s3")] == pytest.approx(expected)


def test_confusions_are_those_of_scikit_learn_with_scenes_that_are_never_predicted() -> None:
    rows = SCORED[SCORED.scene.isin(SCENES[:4])]
    expected = metrics.confusion_matrix(rows.scene, rows.predicted, labels=SCENES)
    np.testing.assert_array_equal(confusion(rows, SCENES), expected)


def test_the_order_of_rows_changes_no_bit() -> None:
    table = predictions(fake_clips())
    for measure in (accuracy, macro_average, log_loss):
        ordered, shuffled = (measure(score(rows), ["epoch"]) for rows in (table, table.sample(frac=1, random_state=0)))
        pd.testing.assert_frame_equal(ordered, shuffled, check_exact=True)


def test_the_spread_over_devices_is_counted_as_the_field_does() -> None:
    # Per-device accuracies on TAU 2020 Mobile whose published spread is 7.2; with one device less as divisor it is 7.6.
    published = {
        "a": 81.9,
        "b": 69.7,
        "c": 75.7,
        "s1": 68.6,
        "s2": 65.2,
        "s3": 70.0,
        "s4": 66.9,
        "s5": 60.9,
        "s6": 56.1,
    }
    table = DataFrame({("device", name): [value] for name, value in published.items()} | {ALL: [0.0]})
    assert measures.device_spread(table)[0] == pytest.approx(7.2, abs=0.1)
