"""Runs on images: what stands on disk, continued, stacked, stopped early; and what they learn."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from torch import nn

from asc.checkpoint import BackgroundCheckpoint
from asc.images.task import ImageTask, PartName
from asc.job import Job
from asc.loading import LoadedRun, load_run
from asc.machine import Machine
from asc.networks import build_network
from asc.run import Run, Stack
from asc.run_folder import RunFolder
from asc.stacks import stack_up
from asc.training import train
from common.errors import DataError, RunError
from data_prep.images.augmentation import AUGMENTATIONS
from data_prep.images.sets import LabelledSet
from models.initialisation import Start
from models.registry import network_settings
from models.weights.pruned import PrunedAtStart
from models.weights.sparse import StaticSparsity
from tests.asc.images.conftest import difference, weights
from tests.conftest import in_test_precision

pytestmark = pytest.mark.trains


def result_of(folder: RunFolder) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(folder.result_file.read_text())
    return result


def test_a_run_learns_and_says_so(trained: Callable[..., RunFolder], run: Run, tmp_path: Path) -> None:
    folder = trained(replace(run, training=replace(run.training, epochs=25)))
    metrics, result = pd.read_csv(folder.metrics_file), result_of(folder)
    assert metrics["epoch"].tolist() == list(range(25))
    assert result["test_accuracy"] == pytest.approx(metrics["test_accuracy"].iloc[-1])
    assert result["test_accuracy"] > 0.6
    assert result["best_test_accuracy"] == pytest.approx(metrics["test_accuracy"].max())
    assert result["parameters"] == 36 * 6 + 6 + 6 * 4 + 4
    assert not folder.checkpoint_file.exists()
    # The weights that are kept score what was said.
    loaded: LoadedRun[ImageTask] = load_run(folder, tmp_path, "cpu")  # type: ignore[assignment]
    parts: tuple[PartName, ...] = ("test", "train")
    for part in parts:
        with in_test_precision():
            right = sum(int((loaded.network(x).argmax(1) == y).sum()) for x, y in loaded.task.part(part))
        assert right / loaded.task.size(part) == pytest.approx(result[f"{part}_accuracy"])


def test_training_is_what_torch_does(trained: Callable[..., RunFolder], run: Run, sets: dict[str, Any]) -> None:
    folder = trained(run)
    network, task = build_network(run), ImageTask(run, sets["mnist"], torch.device("cpu"))
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9)
    for epoch in range(4):
        for batch in task.batches(epoch):
            optimizer.zero_grad()
            with in_test_precision():
                logits = network(batch.inputs)
            nn.functional.cross_entropy(logits.float(), batch.labels).backward()
            optimizer.step()
    torch.testing.assert_close(weights(folder), dict(network.state_dict()))


def test_a_finished_run_is_left_alone(
    trained: Callable[..., RunFolder], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = trained(run)
    monkeypatch.setattr(Job, "_train_epoch", lambda *_: pytest.fail("trained again"))
    before = folder.result_file.stat().st_mtime_ns
    assert trained(run).result_file.stat().st_mtime_ns == before


@pytest.mark.parametrize("kind", ["adam", "momentum", "stack", "dropout"])
def test_a_run_that_stops_ends_as_if_it_had_not(
    trained: Callable[..., RunFolder],
    run: Run,
    sets: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    kind: str,
) -> None:
    how = {"adam": {"optimizer": "adam", "momentum": 0.0}, "stack": {"momentum": 0.0}}.get(kind, {})
    wanted = replace(run, training=replace(run.training, keep="best-validation", **how))
    if kind == "dropout":
        network = network_settings("alexnet", width=4, dropout=0.5, classes=4)
        enlarged = replace(AUGMENTATIONS["none"], resize=32)
        data = replace(run.data, name="cifar10", identity=sets["cifar10"].identity, augmentation=enlarged)
        wanted = replace(wanted, network=network, data=data)
    whole = trained(wanted, "whole")
    monkeypatch.setattr(BackgroundCheckpoint, "due", True)
    once = Job._train_epoch

    def stop(job: Job, advance: Any) -> None:
        if job.epoch == 2:
            raise KeyboardInterrupt
        once(job, advance)

    with monkeypatch.context() as patch:
        patch.setattr(Job, "_train_epoch", stop)
        with pytest.raises(KeyboardInterrupt):
            trained(wanted, "broken")
    assert len(pd.read_csv(RunFolder.of(wanted, tmp_path / "broken").metrics_file)) == 2
    broken = trained(wanted, "broken")
    assert difference(whole, broken) == 0.0
    columns = ["epoch", "train_loss", "test_accuracy"]
    pd.testing.assert_frame_equal(*(pd.read_csv(one.metrics_file)[columns] for one in (whole, broken)))


def members(plain: Run) -> list[Run]:
    scheme = StaticSparsity(kept=(60, 20), mask_init="rescaled")
    sparse = replace(plain, start=Start(init="fan-in-uniform"), weights=(scheme,))
    wide = network_settings("mlp", width=12, classes=4, inputs=36)
    return [plain, sparse, replace(sparse, network=wide)]


def test_a_stack_is_its_runs_one_by_one(trained: Callable[..., RunFolder], plain: Run, tmp_path: Path) -> None:
    runs = members(plain)
    runs[1] = replace(runs[1], training=replace(plain.training, learning_rate=0.3))
    stacks = stack_up(runs)
    assert stacks == [Stack(tuple(runs))]
    home = trained(stacks[0], "together")
    assert result_of(home)["runs"] == [RunFolder.of(run, tmp_path).name for run in runs]
    for run in runs:
        alone, together = trained(run, "alone"), RunFolder.of(run, tmp_path / "together")
        assert difference(alone, together) < 1e-5
        assert result_of(alone)["test_accuracy"] == pytest.approx(result_of(together)["test_accuracy"], abs=0.02)
        assert result_of(alone)["parameters"] == result_of(together)["parameters"]
    zeros = weights(RunFolder.of(runs[2], tmp_path / "together"))
    assert zeros["hidden.parametrizations.weight.original"].numel() == 60


def test_a_stack_leaves_finished_members_alone(trained: Callable[..., RunFolder], plain: Run, tmp_path: Path) -> None:
    runs = members(plain)
    first = trained(runs[0])
    before = first.result_file.stat().st_mtime_ns
    trained(Stack(tuple(runs)))
    assert all(RunFolder.of(run, tmp_path / "runs").done for run in runs)
    assert first.result_file.stat().st_mtime_ns == before


def test_what_cannot_be_stacked_is_trained_alone(run: Run, plain: Run) -> None:
    other_seed, linear = (
        replace(plain, seed=plain.seed + 1),
        replace(plain, network=network_settings("mlp", width=6, classes=4, inputs=36, activation="linear")),
    )
    adam = replace(plain, training=replace(plain.training, optimizer="adam"))
    longer = replace(plain, training=replace(plain.training, epochs=9))
    apart = [run, plain, other_seed, linear, adam, longer]
    assert stack_up(apart) == apart


def test_the_best_epochs_weights_are_kept(trained: Callable[..., RunFolder], run: Run, tmp_path: Path) -> None:
    shaky = replace(run.training, epochs=12, learning_rate=2.0, keep="best-validation")
    folder = trained(replace(run, training=shaky))
    metrics, result = pd.read_csv(folder.metrics_file), result_of(folder)
    assert result["kept_epoch"] == metrics["validation_accuracy"].idxmax() < 11
    assert result["test_accuracy"] == pytest.approx(metrics["test_accuracy"][result["kept_epoch"]])
    loaded: LoadedRun[ImageTask] = load_run(folder, tmp_path, "cpu")  # type: ignore[assignment]
    with in_test_precision():
        right = sum(int((loaded.network(x).argmax(1) == y).sum()) for x, y in loaded.task.part("validation"))
    assert right / 20 == pytest.approx(metrics["validation_accuracy"].max())


def test_patience_ends_a_run(trained: Callable[..., RunFolder], run: Run) -> None:
    still = replace(run.training, epochs=50, learning_rate=1e-12, momentum=0.0, keep="best-validation", patience=3)
    metrics = pd.read_csv(trained(replace(run, training=still)).metrics_file)
    assert len(metrics) == 4


def test_a_run_that_has_learnt_everything_ends(trained: Callable[..., RunFolder], run: Run) -> None:
    quick = replace(
        run.training, epochs=200, batch_size=10, learning_rate=0.1, momentum=0.0, keep="best-train", patience=200
    )
    folder = trained(replace(run, training=quick))
    accuracies = pd.read_csv(folder.metrics_file)["train_accuracy"]
    assert accuracies.iloc[-1] == 1 > accuracies.iloc[:-1].max()
    assert len(accuracies) < 200
    assert result_of(folder)["train_accuracy"] == 1


def test_a_run_that_diverges_is_recorded(trained: Callable[..., RunFolder], run: Run) -> None:
    wild = replace(run, training=replace(run.training, learning_rate=1e30))
    folder = trained(wild)
    assert folder.done
    assert pd.read_csv(folder.metrics_file)["train_loss"].isna().any()


def test_another_set_than_described_is_refused(
    trained: Callable[..., RunFolder], run: Run, sets: dict[str, LabelledSet]
) -> None:
    with pytest.raises(DataError, match="mnist 0000"):
        trained(replace(run, data=replace(run.data, identity="0" * 64)))


def test_a_run_in_training_is_not_touched(run: Run, tmp_path: Path) -> None:
    with RunFolder.of(run, tmp_path).locked(), pytest.raises(RunError, match="another process"):
        train(run, tmp_path, tmp_path, Machine())


def test_weights_that_cannot_be_used_are_named(trained: Callable[..., RunFolder], run: Run, tmp_path: Path) -> None:
    folder = trained(run)
    folder.weights_file.write_bytes(b"no weights")
    with pytest.raises(RunError, match=r"weights\.safetensors"):
        load_run(folder, tmp_path, "cpu")


def test_a_method_that_leaves_nothing_to_train_ends_a_run(
    trained: Callable[..., RunFolder], run: Run, tmp_path: Path
) -> None:
    """It is an outcome, found once: no dense network takes its place."""
    pruned = replace(run, start=Start(init="kaiming"), weights=(PrunedAtStart(kept=(1,), method="snip"),))
    folder = trained(pruned)
    result = result_of(folder)
    assert "no path" in result["failure"]
    assert result.keys() == {"epochs", "failure"}
    assert folder.description() == pruned
    changed = folder.result_file.stat().st_mtime_ns
    assert trained(pruned).result_file.stat().st_mtime_ns == changed
    with pytest.raises(RunError, match="no path"):
        load_run(folder, tmp_path, "cpu")


def test_members_that_fail_leave_the_others_of_a_stack(trained: Callable[..., RunFolder], plain: Run) -> None:
    failing, learning = (replace(plain, weights=(PrunedAtStart(kept=(kept,), method="snip"),)) for kept in (1, 60))
    home = trained(Stack((failing, learning)))
    folders = [RunFolder.of(one, home.path.parent.parent) for one in (failing, learning)]
    assert ["failure" in result_of(folder) for folder in folders] == [True, False]
