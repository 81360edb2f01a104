"""Schemes that came with runs on scenes, on images; and pruned networks that are not scored again."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from asc.augmentations.mixup import Mixup
from asc.checkpoint import BackgroundCheckpoint
from asc.images.task import ImageTask
from asc.job import Job
from asc.loading import LoadedRun, load_network, load_run
from asc.run import Run
from asc.run_folder import RunFolder
from data_prep.images.augmentation import AUGMENTATIONS
from data_prep.images.sets import LabelledSet
from models.initialisation import Start
from models.prunable import prunable
from models.registry import network_settings
from models.weights import pruned
from models.weights.damping import Damping, FrequencyDamping
from models.weights.iterative import IterativePruning
from models.weights.masked import masks_of
from models.weights.pruned import PrunedAtStart
from models.weights.schemes import kept_weights
from tests.asc.images.conftest import difference
from tests.conftest import in_test_precision

pytestmark = pytest.mark.trains

ITERATIVE = IterativePruning(base_width=2, first_epoch=1, epochs=3, time_constant=1.0)


@pytest.fixture
def images(run: Run, sets: dict[str, LabelledSet]) -> Run:
    """A small network on images, damped and pruned while it is trained."""
    data = replace(
        run.data,
        name="cifar10",
        identity=sets["cifar10"].identity,
        augmentation=AUGMENTATIONS["price2021"],  # type: ignore[call-arg]
    )
    training = replace(run.training, epochs=6, augmentations=(Mixup(),), keep="best-train")
    network = network_settings("resnet18", width=4, classes=4)
    return replace(run, data=data, network=network, weights=(ITERATIVE, Damping(edge=0.2)), training=training)


@pytest.fixture
def two_threads() -> Iterator[Callable[[], None]]:
    before = torch.get_num_threads()
    yield lambda: torch.set_num_threads(2)
    torch.set_num_threads(before)


def stop_before(monkeypatch: pytest.MonkeyPatch, epoch: int) -> None:
    once = Job._train_epoch

    def stop(job: Job, advance: Any) -> None:
        if job.epoch == epoch:
            raise KeyboardInterrupt
        once(job, advance)

    monkeypatch.setattr(Job, "_train_epoch", stop)


def test_a_damped_network_is_pruned_while_it_learns_images(
    trained: Callable[..., RunFolder], images: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = trained(images, "whole")
    assert whole.path.parent.name.startswith("tiny-cifar10-resnet18-w4-iterative-of-w2-damped-")
    network = load_network(whole)
    final = replace(images, training=replace(images.training, keep="last"))
    assert sum(isinstance(module, FrequencyDamping) for module in network.modules()) == 17  # all but 1 x 1 and linear
    monkeypatch.setattr(BackgroundCheckpoint, "due", True)
    for run in (images, final):
        with monkeypatch.context() as patch:
            stop_before(patch, 3)
            with pytest.raises(KeyboardInterrupt):
                trained(run, "broken")
    assert difference(whole, trained(images, "broken")) == 0
    last = load_network(trained(final, "broken"))
    assert sum(int(mask.sum()) for mask in masks_of(last).values()) == kept_weights(final.weights, final.network)
    for name, mask in masks_of(last).items():
        assert not prunable(last)[name].weight[~mask].any()


def test_patience_and_the_best_epoch_go_with_pruning(trained: Callable[..., RunFolder], images: Run) -> None:
    folder = trained(images)
    result = json.loads(folder.result_file.read_text())
    metrics = pd.read_csv(folder.metrics_file)
    assert result["kept_epoch"] == metrics["train_accuracy"].idxmax()
    assert result["train_accuracy"] == pytest.approx(metrics["train_accuracy"].max())


def test_a_pruned_network_is_loaded_with_other_threads_without_scoring(
    trained: Callable[..., RunFolder],
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    two_threads: Callable[[], None],
) -> None:
    """With two threads scores are rounded otherwise: which weights are kept could be others."""
    wanted = replace(run, start=Start(init="kaiming"), weights=(PrunedAtStart(kept=(60,), method="snip"),))
    folder = trained(wanted)
    two_threads()
    monkeypatch.setattr(pruned, "prune", lambda *_, **__: pytest.fail("scored again"))
    loaded: LoadedRun[ImageTask] = load_run(folder, tmp_path, "cpu")  # type: ignore[assignment]
    assert sum(int(mask.sum()) for mask in masks_of(loaded.network).values()) <= 60
    with in_test_precision():
        right = sum(int((loaded.network(x).argmax(1) == y).sum()) for x, y in loaded.task.part("test"))
    result = json.loads(folder.result_file.read_text())
    assert result["threads"] == 1
    assert right / loaded.task.size("test") == pytest.approx(result["test_accuracy"])


def test_a_pruned_run_is_continued_with_other_threads_without_scoring(
    trained: Callable[..., RunFolder],
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    two_threads: Callable[[], None],
) -> None:
    wanted = replace(run, start=Start(init="kaiming"), weights=(PrunedAtStart(kept=(60,), method="grasp"),))
    whole = trained(wanted, "whole")
    monkeypatch.setattr(BackgroundCheckpoint, "due", True)
    with monkeypatch.context() as patch:
        stop_before(patch, 2)
        with pytest.raises(KeyboardInterrupt):
            trained(wanted, "broken")
    two_threads()
    monkeypatch.setattr(pruned, "prune", lambda *_, **__: pytest.fail("scored again"))
    broken = trained(wanted, "broken")
    masks, expected = masks_of(load_network(broken)), masks_of(load_network(whole))
    assert masks.keys() == expected.keys()
    assert all(torch.equal(mask, expected[name]) for name, mask in masks.items())
    assert json.loads(broken.result_file.read_text())["threads"] == 2
    assert difference(whole, broken) < 1e-4
