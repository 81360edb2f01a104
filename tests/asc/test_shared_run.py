"""Runs that several processes share, as a figure trains them: two processes through gloo."""

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import torch

from asc.augmentations.mixup import Mixup
from asc.loading import load_network
from asc.machine import Machine
from asc.presets import image_training
from asc.run import ImageData, Run
from asc.run_folder import RunFolder
from asc.shared_run import train_alone_or_shared
from common.errors import RunError
from data_prep.images.teacher import TeacherSettings
from data_prep.storage import PreparedSet
from models.prunable import prunable
from models.vision.mlp import MlpSettings
from models.weights.iterative import IterativePruning
from models.weights.masked import masks_of
from models.weights.schemes import kept_weights


def test_a_shared_run_is_finished_in_its_folder(prepared: PreparedSet, scene_run: Run, tmp_path: Path) -> None:
    shared = replace(scene_run, training=replace(scene_run.training, world_size=2, epochs=1))
    train_alone_or_shared(shared, prepared.folder, tmp_path, Machine())
    folder = RunFolder.of(shared, tmp_path)
    assert folder.done
    assert folder.description() == shared


def test_what_fails_there_is_an_error_here(prepared: PreparedSet, scene_run: Run, tmp_path: Path) -> None:
    shared = replace(scene_run, training=replace(scene_run.training, world_size=2))
    with pytest.raises(RunError, match="exit code 1"):
        train_alone_or_shared(shared, tmp_path, tmp_path, Machine())


def test_a_shared_run_on_images_stops_where_one_process_does(tmp_path: Path) -> None:
    """Patience ends every process at the same epoch, and the weights kept are the best epoch's."""
    teacher = TeacherSettings(train=200, validation=100, test=100)
    training = image_training(
        epochs=40, batch_size=20, learning_rate=0.3, keep="best-validation", patience=3, augmentations=(Mixup(),)
    )
    alone = Run(
        data=ImageData(name="teacher", identity="", teacher=teacher, normalisation="none"),
        network=MlpSettings(width=16),
        training=training,
        preset="tiny",
    )
    shared = replace(alone, training=replace(training, world_size=2))
    for run in (alone, shared):
        train_alone_or_shared(run, tmp_path, tmp_path / "runs", Machine())
    folders = [RunFolder.of(run, tmp_path / "runs") for run in (alone, shared)]
    one, two = (json.loads(folder.result_file.read_text()) for folder in folders)
    assert one["epochs"] == two["epochs"] < 40
    assert one["kept_epoch"] == two["kept_epoch"] == one["epochs"] - 4
    columns = ["epoch", "learning_rate", "train_loss", "validation_accuracy", "test_accuracy"]
    tables = [pd.read_csv(folder.metrics_file)[columns] for folder in folders]
    pd.testing.assert_frame_equal(tables[0], tables[1], rtol=1e-4)
    networks = [load_network(folder).state_dict() for folder in folders]
    torch.testing.assert_close(networks[1], networks[0], rtol=1e-3, atol=1e-4)


def test_a_shared_run_is_pruned_alike_in_every_process(prepared: PreparedSet, scene_run: Run, tmp_path: Path) -> None:
    pruning = IterativePruning(base_width=2, first_epoch=0, epochs=2, time_constant=1.0)
    run = replace(
        scene_run,
        weights=(pruning, *scene_run.weights),
        training=replace(scene_run.training, world_size=2, epochs=4),
    )
    train_alone_or_shared(run, prepared.folder, tmp_path, Machine())
    network = load_network(RunFolder.of(run, tmp_path))
    masks = masks_of(network)
    assert sum(int(mask.sum()) for mask in masks.values()) == kept_weights(run.weights, run.network)
    for name, mask in masks.items():
        assert not prunable(network)[name].weight[~mask].any()
