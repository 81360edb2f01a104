"""Batches and sides of a run."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from asc.clips import MappedClips
from asc.data import EpochSampler, PlannedBatches, Sides
from asc.description import RunDescription
from common.errors import DataError
from data_prep.splits import SplitSettings
from data_prep.storage import PreparedSet


def test_sides_are_the_split_with_labels_in_class_order(prepared: PreparedSet, description: RunDescription) -> None:
    sides = Sides.of(prepared, description)
    clips = prepared.clips
    assert set(clips["device"].iloc[sides.train]) == {"a"} == set(sides.seen)
    assert set(clips["device"].iloc[sides.test]) == {"a", "b", "s1"}
    assert not set(sides.train) & set(sides.test)
    assert [prepared.scenes[label] for label in sides.labels] == clips["scene"].tolist()


def test_random_labels_are_the_training_sides_own_permuted_by_the_seed(
    prepared: PreparedSet, description: RunDescription
) -> None:
    true = Sides.of(prepared, description)
    wanted = replace(description, training=replace(description.training, labels="random"))
    found = [Sides.of(prepared, replace(wanted, seed=seed)).labels for seed in (0, 0, 1)]
    assert np.array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])
    for labels in found:
        assert np.array_equal(labels[true.test], true.labels[true.test])
        assert not np.array_equal(labels[true.train], true.labels[true.train])
        assert np.array_equal(np.sort(labels[true.train]), np.sort(true.labels[true.train]))


def test_seen_devices_are_those_trained_on(prepared: PreparedSet, description: RunDescription) -> None:
    wanted = replace(description, split=SplitSettings(test_cities=1, train_devices=("a", "b")))
    assert Sides.of(prepared, wanted).seen == ("a", "b")


def test_a_batch_is_decided_by_epoch_and_step(prepared: PreparedSet, description: RunDescription) -> None:
    sides = Sides.of(prepared, description)
    source = MappedClips(prepared, "spectrogram")
    first, second = (PlannedBatches(source, sides, description, rank=0) for _ in range(2))
    second[0, 0], second[2, 1]  # asked in another order
    for one, other in zip(first[1, 1], second[1, 1], strict=True):
        one, other = (value[0] if isinstance(value, tuple) else value for value in (one, other))
        assert torch.equal(one, other)


def test_labels_belong_to_the_clips_mixed(prepared: PreparedSet, description: RunDescription) -> None:
    sides = Sides.of(prepared, description)
    batch = PlannedBatches(MappedClips(prepared, "spectrogram"), sides, description, rank=0)[0, 0]
    stored = prepared.spectrograms(sides.train)
    for position, label in ((batch.first, batch.first_label), (batch.second, batch.second_label)):
        for clip, scene in zip(batch.clips[0][position].numpy(), label, strict=True):
            row = np.flatnonzero((stored == clip).all(axis=(1, 2)))
            assert sides.labels[sides.train[row]].tolist() == [scene]


def test_the_sampler_yields_the_epoch_it_is_set_to() -> None:
    sampler = EpochSampler(steps=2, epoch=5)
    assert list(sampler) == [(5, 0), (5, 1)]
    sampler.set_epoch(6)
    assert list(sampler) == [(6, 0), (6, 1)]
    assert len(sampler) == 2


def test_too_few_clips_are_named(prepared: PreparedSet, description: RunDescription) -> None:
    wanted = replace(description, training=replace(description.training, batch_size=19))
    with pytest.raises(DataError, match="18 training clips"):
        Sides.of(prepared, wanted)
