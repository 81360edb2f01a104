"""Training batches of clips: decided by epoch and step alone, shared by processes without a difference."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from asc.augmentations.augmentation import PARTNER, PLACE, Augmentation, Batch, apply_stage
from asc.augmentations.mixup import Mixup
from asc.augmentations.rolling import RolledFrames
from asc.run import Run, SceneData
from asc.scenes.batches import BatchLoader, EpochSampler, HostBatch, PlannedBatches
from asc.scenes.clips import MappedClips
from asc.scenes.sides import Sides
from asc.training_settings import TrainingSettings
from data_prep.storage import PreparedSet
from models.audio.resnet import AudioResNetSettings


class Numbered:
    """Stands for clips: the clip of row n is a spectrogram of n's."""

    def load(self, rows: NDArray[np.int64]) -> tuple[torch.Tensor, ...]:
        return (torch.from_numpy(rows).float()[:, None, None].expand(-1, 2, 5).contiguous(),)

    def place(self, loaded: tuple[torch.Tensor, ...], device: torch.device) -> torch.Tensor:
        return loaded[0]


def numbered(clips: int, rank: int = 0, world: int = 1, chain: tuple[Augmentation, ...] = ()) -> PlannedBatches:
    """Return the batches of eight of so many numbered clips; labels are their numbers too."""
    rows = np.arange(clips)
    sides = Sides(part=None, train=rows, test=rows[:0], labels=rows, seen=("a",))  # type: ignore[arg-type]
    training = TrainingSettings(batch_size=8, augmentations=chain, world_size=world)
    run = Run(data=SceneData(name="n", identity=""), network=AudioResNetSettings(), training=training)
    return PlannedBatches(Numbered(), sides, run, rank)


def augmented(planned: HostBatch, chain: tuple[Augmentation, ...]) -> Batch:
    batch = Batch(planned.clips[0], planned.labels)
    for stage in ("spectrogram", "input"):
        batch = apply_stage(stage, chain, planned.draws, batch)  # type: ignore[arg-type]
    return batch


@given(clips=st.integers(8, 60), epoch=st.integers(0, 5))
def test_an_epoch_visits_no_clip_twice(clips: int, epoch: int) -> None:
    batches, steps = numbered(clips), clips // 8
    visited = torch.cat([batches[epoch, step].labels for step in range(steps)]).tolist()
    assert len(set(visited)) == len(visited) == steps * 8 > clips - 8


@given(
    step=st.integers(0, 3),
    world=st.sampled_from([2, 4, 8]),
    chain=st.sampled_from([(), (RolledFrames(),), (Mixup(),), (RolledFrames(), Mixup())]),
)
def test_processes_together_do_what_one_does(step: int, world: int, chain: tuple[Augmentation, ...]) -> None:
    whole = augmented(numbered(32, chain=chain)[0, step], chain)
    parts = [augmented(numbered(32, rank, world, chain)[0, step], chain) for rank in range(world)]
    for i, expected in enumerate(whole):
        if expected is not None:
            assert torch.equal(torch.cat([part[i] for part in parts]), expected)  # type: ignore[misc]


def test_a_batch_is_decided_by_epoch_and_step(prepared: PreparedSet, scene_run: Run) -> None:
    sides = Sides.of(prepared, scene_run)
    source = MappedClips(prepared, "spectrogram")
    first, second = (PlannedBatches(source, sides, scene_run) for _ in range(2))
    second[0, 0], second[2, 1]  # asked in another order
    one, other = first[1, 1], second[1, 1]
    assert torch.equal(one.clips[0], other.clips[0])
    assert torch.equal(one.labels, other.labels)
    for draws, same in zip(one.draws, other.draws, strict=True):
        assert draws.keys() == same.keys()
        assert all(torch.equal(value, same[name]) for name, value in draws.items())


def test_labels_belong_to_the_clips_mixed(prepared: PreparedSet, scene_run: Run) -> None:
    sides = Sides.of(prepared, scene_run)
    planned = PlannedBatches(MappedClips(prepared, "spectrogram"), sides, scene_run)[0, 0]
    stored, mixup = prepared.spectrograms(sides.train), planned.draws[1]
    batch = Mixup().apply(Batch(planned.clips[0], planned.labels), mixup)
    assert batch.others is not None
    for position, label in ((mixup[PLACE], batch.labels), (mixup[PARTNER], batch.others)):
        for clip, scene in zip(planned.clips[0][position].numpy(), label, strict=True):
            row = np.flatnonzero((stored == clip).all(axis=(1, 2)))
            assert sides.labels[sides.train[row]].tolist() == [scene]


def test_the_sampler_yields_the_epoch_it_is_set_to() -> None:
    sampler = EpochSampler(steps=2)
    assert list(sampler) == [(0, 0), (0, 1)]
    sampler.epoch = 6
    assert list(sampler) == [(6, 0), (6, 1)]
    assert len(sampler) == 2


@pytest.mark.parametrize("workers", [0, 2])
def test_a_loader_gives_the_batches_of_any_epoch(workers: int) -> None:
    batches = numbered(32, chain=(Mixup(),))
    loader = BatchLoader(batches, 4, workers, torch.device("cpu"))
    state = torch.get_rng_state()
    for epoch in (1, 0, 1):
        found = list(loader.epoch(epoch))
        assert len(found) == 4
        for step, planned in enumerate(found):
            assert torch.equal(planned.labels, batches[epoch, step].labels)
            assert torch.equal(planned.draws[0]["weight"], batches[epoch, step].draws[0]["weight"])
    assert torch.equal(torch.get_rng_state(), state)  # from which dropout draws, whatever the number of workers


def test_the_seed_decides_what_is_drawn(prepared: PreparedSet, scene_run: Run) -> None:
    sides, source = Sides.of(prepared, scene_run), MappedClips(prepared, "spectrogram")
    one, other = (PlannedBatches(source, sides, replace(scene_run, seed=seed))[0, 0] for seed in (0, 1))
    assert not torch.equal(one.draws[1]["weight"], other.draws[1]["weight"])
