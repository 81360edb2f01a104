"""Sides of a run: the split as rows, labels in class order, devices that are trained on."""

from dataclasses import replace

import numpy as np
import pytest

from asc.run import ImageData, Run
from asc.scenes.sides import Sides, scene_data
from common.errors import ConfigError, DataError
from data_prep.splits import SplitSettings
from data_prep.storage import PreparedSet


def test_sides_are_the_split_with_labels_in_class_order(prepared: PreparedSet, scene_run: Run) -> None:
    sides = Sides.of(prepared, scene_run)
    clips = prepared.clips
    assert set(clips["device"].iloc[sides.train]) == {"a"} == set(sides.seen)
    assert set(clips["device"].iloc[sides.test]) == {"a", "b", "s1"}
    assert not set(sides.train) & set(sides.test)
    assert [prepared.scenes[label] for label in sides.labels] == clips["scene"].tolist()
    assert set(clips["device"].iloc[sides.unseen(prepared)]) == {"b", "s1"}
    assert set(sides.unseen(prepared)) < set(sides.test)


def test_random_labels_are_the_training_sides_own_permuted_by_the_seed(prepared: PreparedSet, scene_run: Run) -> None:
    true = Sides.of(prepared, scene_run)
    wanted = replace(scene_run, data=replace(scene_run.data, labels="random"))
    found = [Sides.of(prepared, replace(wanted, seed=seed)).labels for seed in (0, 0, 1)]
    assert np.array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])
    for labels in found:
        assert np.array_equal(labels[true.test], true.labels[true.test])
        assert not np.array_equal(labels[true.train], true.labels[true.train])
        assert np.array_equal(np.sort(labels[true.train]), np.sort(true.labels[true.train]))


def test_seen_devices_are_those_trained_on(prepared: PreparedSet, scene_run: Run) -> None:
    split = SplitSettings(test_cities=1, train_devices=("a", "b"))
    wanted = replace(scene_run, data=replace(scene_run.data, split=split))  # type: ignore[call-arg]
    assert Sides.of(prepared, wanted).seen == ("a", "b")


def test_too_few_clips_are_named(prepared: PreparedSet, scene_run: Run) -> None:
    wanted = replace(scene_run, training=replace(scene_run.training, batch_size=19))
    with pytest.raises(DataError, match="18 training clips"):
        Sides.of(prepared, wanted)


def test_a_run_on_images_has_no_sides(prepared: PreparedSet, scene_run: Run) -> None:
    images = replace(scene_run, data=ImageData(name="mnist", identity=""))
    with pytest.raises(ConfigError, match="data = 'mnist' is not allowed: a prepared set of acoustic scenes"):
        Sides.of(prepared, images)
    assert scene_data(scene_run) == scene_run.data
