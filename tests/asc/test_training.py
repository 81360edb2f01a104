"""A run from start to result: what stands in its folder, and that nothing but its description decides the weights."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from sklearn.metrics import accuracy_score

from asc import training
from asc.augmentations.rolling import RolledFrames
from asc.job import Job
from asc.loading import load_scenes
from asc.machine import Machine
from asc.run import Run
from asc.run_folder import RunFolder
from asc.scenes.sides import Sides
from asc.training import train
from common.errors import AscError, DataError, RunError
from data_prep.storage import PreparedSet
from tests.asc.conftest import Trained, same_weights
from tests.conftest import TEST_SEED, in_test_precision

pytestmark = pytest.mark.trains


def test_a_finished_run_holds_what_reports_need(trained: Trained, prepared: PreparedSet) -> None:
    folder = trained(epochs=12)
    names = {path.name for path in folder.path.iterdir()} - {"tensorboard", ".lock"}
    assert names == {
        *("description.json", "split.csv", "metrics.csv", "predictions"),
        *("example.npz", "weights.safetensors", "result.json"),
    }
    metrics = pd.read_csv(folder.metrics_file)
    assert metrics["epoch"].tolist() == list(range(12))
    assert sorted(path.name for path in folder.predictions_folder.iterdir()) == [
        f"epoch-{epoch:04d}.parquet" for epoch in range(2, 12)
    ]
    split = pd.read_csv(folder.split_file)
    table = pd.read_parquet(folder.predictions_file(11))
    assert table["clip"].tolist() == split["clip"][split["part"] == "test"].tolist()
    assert set(table["device"][table["seen"]]) == {"a"}
    guesses = np.array(prepared.scenes)[table.filter(like="logit:").to_numpy().argmax(axis=1)]
    for device, rows in table.groupby("device").groups.items():
        assert metrics[f"accuracy:{device}"].iloc[-1] == accuracy_score(table["scene"][rows], guesses[rows])
    result = json.loads(folder.result_file.read_text())
    assert result["unseen_accuracy"] == pytest.approx(metrics["unseen_accuracy"].iloc[-10:].mean())
    assert metrics["train_accuracy"].isna().tolist() == [True] * 2 + [False] * 10
    assert result["train_accuracy"] == pytest.approx(metrics["train_accuracy"].mean())
    assert result["threads"] == torch.get_num_threads()
    assert list((folder.path / "tensorboard").iterdir())


def test_others_may_read_a_run_as_the_umask_says(trained: Trained) -> None:
    before = os.umask(0o027)
    try:
        folder = trained(epochs=1)
    finally:
        os.umask(before)
    modes = {path.relative_to(folder.path).as_posix(): path.stat().st_mode & 0o777 for path in folder.path.rglob("*")}
    assert modes
    assert {name: oct(mode) for name, mode in modes.items() if mode not in (0o640, 0o750)} == {}


def test_random_labels_are_learnt_by_heart(trained: Trained, prepared: PreparedSet) -> None:
    folder = trained(epochs=80, labels="random", augmentations=(), learning_rate=0.03)
    assert "random-labels" in folder.path.parent.name
    known = pd.read_csv(folder.metrics_file)["train_accuracy"].iloc[-1]
    assert known > 0.9
    run = load_scenes(folder, prepared, "cpu")
    sides = run.task.sides
    with torch.inference_mode(), in_test_precision():
        guesses = torch.cat([run.network(batch) for batch in run.task.inputs(sides.train, 18)]).argmax(dim=1)
    learnt = sides.labels[sides.train]
    assert accuracy_score(learnt, guesses) == pytest.approx(known)
    # What was learnt are not the scenes.
    scenes = Sides.of(prepared, replace(run.run, data=replace(run.run.data, labels="true")))
    assert accuracy_score(scenes.labels[scenes.train], guesses) < known


def test_a_checkpoint_is_kept_where_asked(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = trained(machine=Machine(keep_checkpoint=True))
    checkpoint = torch.load(folder.checkpoint_file, weights_only=True)[folder.description().identity]
    final, _ = folder.read_weights()
    assert all(torch.equal(checkpoint["network"][name], final[name]) for name in final)
    assert checkpoint["optimizer"]["state"]
    monkeypatch.setattr(Job, "_train_epoch", lambda *_: pytest.fail("trained again"))
    assert trained(machine=Machine(keep_checkpoint=True)).done


def test_it_learns(trained: Trained) -> None:
    folder = trained(epochs=60, learning_rate=0.01, augmentations=(RolledFrames(),))
    metrics = pd.read_csv(folder.metrics_file)
    assert metrics["train_loss"].iloc[0] > 0.9  # ln 3 = 1.10 at the start
    # Six test clips of a city not trained on say nothing: over seeds their accuracy is 0.2 to 0.95.
    assert metrics["train_loss"].iloc[-10:].mean() < 0.6
    assert metrics["train_accuracy"].iloc[-10:].mean() > 0.8  # three scenes


def test_same_seed_same_weights_with_any_number_of_workers(trained: Trained) -> None:
    alone = trained("alone")
    for workers in (1, 2):
        assert same_weights(alone, trained(f"workers-{workers}", Machine(workers=workers)))
    assert same_weights(alone, trained("resident", Machine(residency="device")))
    other = load_file(trained("other", seed=1).weights_file)
    first = load_file(alone.weights_file)
    convolutions = [name for name, tensor in first.items() if tensor.dim() == 4]
    assert all(not torch.equal(first[name], other[name]) for name in convolutions)


def test_a_checkpoint_that_cannot_be_written_ends_training_with_its_name(
    trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_checkpoint: object, temporary: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(AscError, match=r"last\.ckpt.*[Nn]o space"):
        trained()


def test_a_finished_run_is_left_alone(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    first = trained()
    before = first.result_file.stat().st_mtime_ns
    monkeypatch.setattr(Job, "_train_epoch", lambda *_: pytest.fail("trained again"))
    assert trained() == first
    assert first.result_file.stat().st_mtime_ns == before


def test_a_run_finished_between_look_and_lock_is_left_alone(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    make_fabric, stamps = training.make_fabric, []

    def another_is_faster(*arguments: Any) -> Any:
        monkeypatch.setattr(training, "make_fabric", make_fabric)
        stamps.append(trained().result_file.stat().st_mtime_ns)
        return make_fabric(*arguments)

    monkeypatch.setattr(training, "make_fabric", another_is_faster)
    assert trained().result_file.stat().st_mtime_ns == stamps[0]


def test_two_processes_do_not_train_one_run(trained: Trained, scene_run: Run, tmp_path: Path) -> None:
    run = RunFolder.of(replace(scene_run, seed=TEST_SEED), tmp_path / "runs")
    with run.locked(), pytest.raises(RunError, match="another process"):
        trained()


def test_a_diverging_run_is_named_and_has_no_result(trained: Trained, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="diverged"):
        trained(learning_rate=1e38, augmentations=(RolledFrames(),))
    assert not list(tmp_path.rglob("result.json"))


def test_too_few_clips_for_a_batch(trained: Trained) -> None:
    with pytest.raises(DataError, match="too few for one batch of 400"):
        trained(batch_size=400)


def test_a_batch_of_one_trains(trained: Trained) -> None:
    assert trained(batch_size=1, epochs=1).done


def test_clips_too_short_for_the_network_are_named(
    prepared: PreparedSet, scene_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepared, "shape", (256, 9))
    with pytest.raises(DataError, match=r"inputs of shape \(1, 256, 9\) do not fit this network"):
        train(scene_run, prepared, tmp_path, Machine())
    assert not list(tmp_path.iterdir())


def test_a_folder_with_another_description_is_not_touched(scene_run: Run, tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.write_description(scene_run)
    with pytest.raises(RunError, match="of another run"):
        folder.write_description(replace(scene_run, seed=5))
    assert folder.description() == scene_run
