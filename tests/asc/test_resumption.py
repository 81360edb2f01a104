"""A run that was stopped ends in the very weights, tables and predictions of one that was not."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from asc import training
from asc.augmentations.mixup import Mixup
from asc.augmentations.rolling import RolledFrames, RolledWaveforms
from asc.checkpoint import BackgroundCheckpoint
from asc.job import Job
from asc.machine import Machine
from asc.run import Run
from asc.run_folder import RunFolder
from asc.training import train
from data_prep.storage import PreparedSet
from models.initialisation import Start
from models.weights.bottleneck import LinearBottleneck
from models.weights.damping import Damping
from models.weights.dct import DctSparsity
from models.weights.hyperplane import RandomHyperplane
from models.weights.iterative import IterativePruning
from models.weights.pruned import PrunedAtStart
from models.weights.scheme import Scheme
from tests.asc.conftest import Trained, same_weights

pytestmark = pytest.mark.trains

COLUMNS = ["epoch", "learning_rate", "train_loss", "seen_accuracy", "unseen_accuracy"]


def stop_before(monkeypatch: pytest.MonkeyPatch, epoch: int) -> None:
    original = Job._train_epoch

    def stop(job: Job, advance: Any) -> None:
        if job.epoch == epoch:
            raise KeyError("the power went")
        original(job, advance)

    monkeypatch.setattr(Job, "_train_epoch", stop)


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize(("epoch", "saved"), [(0, 1), (1, 2), (1, 1)])
def test_a_continued_run_ends_in_the_same_weights(
    trained: Trained, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, epoch: int, saved: int, workers: int
) -> None:
    whole = trained("whole")
    with monkeypatch.context() as patch:
        stop_before(patch, epoch + 1)
        # The second epoch is saved where writing the first was cheap, and is trained again where it was not.
        patch.setattr("asc.checkpoint._SHARE_OF_TIME", 1e9 if saved == epoch + 1 else 1e-9)
        with pytest.raises(KeyError):
            trained("broken", Machine(workers=workers))
        (file,) = (tmp_path / "broken").rglob("last.ckpt")
        ((identity, checkpoint),) = torch.load(file, weights_only=True).items()
        assert identity == whole.description().identity
        assert len(checkpoint["history"]) == saved
    broken = trained("broken", Machine(workers=workers))
    assert same_weights(whole, broken)
    pd.testing.assert_frame_equal(*(pd.read_csv(folder.metrics_file)[COLUMNS] for folder in (whole, broken)))
    for number in range(3):
        pd.testing.assert_frame_equal(*(pd.read_parquet(f.predictions_file(number)) for f in (whole, broken)))


ITERATIVE = IterativePruning(base_width=2, first_epoch=0, epochs=2, time_constant=1.0)


@pytest.mark.parametrize(
    "scheme",
    [
        ITERATIVE,
        DctSparsity(base_width=2),
        LinearBottleneck(base_width=2),
        RandomHyperplane(dimension=50),
        PrunedAtStart(base_width=3, method="snip"),
    ],
    ids=lambda scheme: scheme.kind,
)
@pytest.mark.parametrize("how", [{}, {"optimizer": "sgd", "momentum": 0.9, "keep": "best-train"}], ids=["adam", "sgd"])
def test_every_scheme_is_continued(
    prepared: PreparedSet,
    scene_run: Run,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    scheme: Scheme,
    how: dict[str, Any],
) -> None:
    run = replace(
        scene_run,
        start=Start(init="kaiming"),
        weights=(scheme, Damping(edge=0.1)),
        training=replace(scene_run.training, epochs=4, **how),
    )
    whole = train(run, prepared, tmp_path / "whole", Machine())
    monkeypatch.setattr(BackgroundCheckpoint, "due", True)
    with monkeypatch.context() as patch:
        stop_before(patch, 2)
        with pytest.raises(KeyError):
            train(run, prepared, tmp_path / "broken", Machine())
    assert RunFolder.of(run, tmp_path / "broken").checkpoint_file.is_file()
    # Which weights are kept is in the checkpoint: no method scores again.
    monkeypatch.setattr("models.weights.pruned.prune", lambda *_, **__: pytest.fail("scored again"))
    broken = train(run, prepared, tmp_path / "broken", Machine())
    assert same_weights(whole, broken)
    pd.testing.assert_frame_equal(*(pd.read_csv(folder.metrics_file)[COLUMNS] for folder in (whole, broken)))
    assert not broken.checkpoint_file.exists()


def test_dropout_does_not_depend_on_workers_or_interruptions(
    prepared: PreparedSet, scene_run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def with_dropout(*arguments: Any, **keywords: Any) -> torch.nn.Module:
        network = build(*arguments, **keywords)
        network.classifier.insert(0, torch.nn.Dropout(0.5))  # type: ignore[operator,union-attr]
        return network

    build = training.build_network
    monkeypatch.setattr("asc.training.build_network", with_dropout)
    run = replace(scene_run, training=replace(scene_run.training, augmentations=(RolledFrames(), Mixup())))
    whole = train(run, prepared, tmp_path / "whole", Machine())
    assert same_weights(whole, train(run, prepared, tmp_path / "workers", Machine(workers=1)))
    with monkeypatch.context() as patch:
        stop_before(patch, 1)
        with pytest.raises(KeyError):
            train(run, prepared, tmp_path / "broken", Machine())
    assert same_weights(whole, train(run, prepared, tmp_path / "broken", Machine()))


def test_rolled_waveforms_are_continued(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    how: dict[str, Any] = {"augmentations": (RolledWaveforms(), Mixup()), "epochs": 2}
    whole = trained("whole", **how)
    with monkeypatch.context() as patch:
        stop_before(patch, 1)
        with pytest.raises(KeyError):
            trained("broken", **how)
    assert same_weights(whole, trained("broken", Machine(residency="device"), **how))
