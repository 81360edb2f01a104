"""Clips of a run on their way to the network: what is rolled, what is scored, on which device, without waiting."""

import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from asc import training
from asc.augmentations.augmentation import Augmentation, Batch
from asc.augmentations.mixup import Mixup
from asc.augmentations.rolling import RolledFrames, RolledWaveforms
from asc.machine import Machine
from asc.run import Run
from asc.scenes.clips import MappedClips
from asc.scenes.front_end import stored_kind
from asc.scenes.sides import Sides
from asc.scenes.task import SceneTask
from asc.training import train
from common.errors import ConfigError
from data_prep.layouts import LAYOUTS
from data_prep.planning import plan_set
from data_prep.preparation import prepare
from data_prep.splits import SplitSettings
from data_prep.storage import PreparedSet
from models.weights.pruned import PrunedAtStart
from models.weights.scheme import Scheme
from models.weights.sparse import StaticSparsity
from tests.asc.conftest import Trained

CPU = torch.device("cpu")


def augmented(run: Run, *augmentations: Augmentation) -> Run:
    return replace(run, training=replace(run.training, augmentations=augmentations))


@pytest.mark.trains
@pytest.mark.parametrize("augmentations", [(RolledWaveforms(), Mixup()), (Mixup(),), ()])
def test_other_augmentations_train_too(trained: Trained, augmentations: tuple[Augmentation, ...]) -> None:
    assert trained(augmentations=augmentations, epochs=1).done


def test_evaluation_sees_the_stored_spectrograms_whatever_training_rolls(prepared: PreparedSet, scene_run: Run) -> None:
    rows = np.arange(6)
    inputs = []
    for rolled, kind in ((RolledWaveforms(), "waveform"), (RolledFrames(), "spectrogram")):
        run = augmented(scene_run, rolled)
        assert stored_kind(run) == kind
        inputs.append(torch.cat(list(SceneTask(run, prepared, CPU).inputs(rows, 4))))
    # int16 waveforms and float16 spectrograms both round; bands are scaled by their deviation.
    torch.testing.assert_close(*inputs, atol=0.05, rtol=0)


def test_training_inputs_are_normalised_by_the_training_clips(prepared: PreparedSet, scene_run: Run) -> None:
    task = SceneTask(augmented(scene_run), prepared, CPU)
    batches = list(task.batches(0))
    assert len(batches) == task.steps == 18 // 6
    whole = torch.cat([batch.inputs for batch in batches])
    assert whole.shape == (18, *task.input_shape)
    deviation, mean = torch.std_mean(whole, dim=(0, 1, 3), correction=0)
    torch.testing.assert_close(mean, torch.zeros_like(mean), atol=1e-2, rtol=0)
    torch.testing.assert_close(deviation, torch.ones_like(deviation), atol=2e-2, rtol=0)


def test_statistics_that_are_given_are_not_computed(prepared: PreparedSet, scene_run: Run) -> None:
    shape = (prepared.shape[0],)
    given = np.full(shape, 2.0, np.float32), np.full(shape, 4.0, np.float32)
    task = SceneTask(scene_run, prepared, CPU, statistics=given)
    expected = (prepared.spectrograms(np.arange(3)).astype(np.float32) - 2) / 4
    np.testing.assert_allclose(next(task.inputs(np.arange(3), 3))[:, 0].numpy(), expected, rtol=1e-6)


def test_every_process_computes_on_its_own_device(
    prepared: PreparedSet, scene_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Clips are loaded onto the device of the process's Fabric; only the first process has a use for test clips."""
    chosen = []

    def note(mapped: MappedClips, rows: np.ndarray, device: torch.device, *_: object) -> MappedClips:
        chosen.append((device, len(rows)))
        raise KeyError("seen enough")

    monkeypatch.setattr("asc.scenes.task.clip_source", note)
    run = replace(scene_run, training=replace(scene_run.training, world_size=2))
    gpus = [torch.device("cuda", number) for number in range(2)]
    for rank in range(2):
        fabric = SimpleNamespace(device=gpus[rank], global_rank=rank, is_global_zero=rank == 0)
        monkeypatch.setattr(training, "make_fabric", lambda *_, fabric=fabric: fabric)
        with pytest.raises(KeyError):
            train(run, prepared, tmp_path, Machine(accelerator="cuda"))
    sides = Sides.of(prepared, scene_run)
    train_clips, test_clips = len(sides.train), len(sides.test)
    assert chosen == [(gpus[0], train_clips + test_clips), (gpus[1], train_clips)]


class Looked(TorchDispatchMode):
    """Notes when a value is fetched from a tensor, for which the processor would have to wait on a GPU."""

    def __init__(self) -> None:
        super().__init__()
        self.operations = 0
        self.values: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.operations += 1
        if func in (torch.ops.aten._local_scalar_dense.default, torch.ops.aten.nonzero.default):
            self.values.append("".join(traceback.format_stack(limit=12)))
        return func(*args, **(kwargs or {}))


@pytest.mark.trains
@pytest.mark.parametrize("schemes", [(), (StaticSparsity(base_width=2),)], ids=["dense", "sparse"])
def test_no_training_step_waits_for_the_device(
    prepared: PreparedSet,
    scene_run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    schemes: tuple[Scheme, ...],
) -> None:
    looked, batches = Looked(), SceneTask.batches

    def watched(task: SceneTask, epoch: int) -> Iterator[Batch]:
        found = batches(task, epoch)
        first = next(found)
        with looked:  # until the last training step is taken: the losses are read after it, once an epoch
            yield first
            yield from found

    monkeypatch.setattr(SceneTask, "batches", watched)
    monkeypatch.setattr("data_prep.features._on_host", lambda _: False)
    wanted = replace(
        augmented(scene_run, RolledWaveforms(), Mixup()),
        weights=(*schemes, *scene_run.weights),
    )
    wanted = replace(wanted, training=replace(wanted.training, precision="bf16-mixed", epochs=2))
    assert train(wanted, prepared, tmp_path, Machine()).done
    assert looked.operations > 1000
    assert not looked.values, looked.values[0]


def test_a_method_that_scores_sees_training_batches(prepared: PreparedSet, scene_run: Run) -> None:
    task = SceneTask(scene_run, prepared, CPU)
    assert list(task.scored(scene_run)) == []
    scored = replace(scene_run, weights=(PrunedAtStart(kept=(50,), method="snip", examples=10),))
    found, trained_on = list(task.scored(scored)), list(task.batches(0))
    assert len(found) == 2  # of six clips each
    for (inputs, labels), batch in zip(found, trained_on, strict=False):
        assert torch.equal(inputs, batch.inputs)
        assert torch.equal(labels, batch.labels)


def test_waveforms_that_the_set_does_not_hold(recordings: Path, scene_run: Run, tmp_path: Path) -> None:
    plan = plan_set(recordings, LAYOUTS["folder"], tmp_path / "prepared")
    bare = prepare(plan, SplitSettings(test_cities=1), workers=1, on_error="stop")
    data = replace(scene_run.data, identity=bare.identity)
    wanted = replace(augmented(scene_run, RolledWaveforms()), data=data)
    with pytest.raises(ConfigError, match="--waveforms"):
        train(wanted, bare, tmp_path / "runs", Machine())
    assert not (tmp_path / "runs").exists()


def test_no_clips_are_held_out_for_validation(prepared: PreparedSet, scene_run: Run) -> None:
    with pytest.raises(ConfigError, match="keep = 'best-validation' is not allowed: last or best-train"):
        SceneTask(replace(scene_run, training=replace(scene_run.training, keep="best-validation")), prepared, CPU)
