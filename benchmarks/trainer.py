"""Runs of the audio ResNet on a set of noise, and their single training steps."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, count
from typing import Any

from lightning.fabric import Fabric

from asc.augmentations.augmentation import Batch
from asc.describe import completed, scenes_of
from asc.learners import make_learner
from asc.machine import Machine
from asc.networks import build_network
from asc.presets import demo
from asc.run import Run
from asc.scenes.task import SceneTask
from data_prep.storage import PreparedSet
from models.audio.resnet import AudioResNetSettings
from models.initialisation import Start
from models.weights.scheme import Scheme
from models.weights.schemes import ordered


def scene_run(
    prepared: PreparedSet,
    width: int,
    *,
    weights: Sequence[Scheme] = (),
    init: str = AudioResNetSettings.initial,
    precision: str = "auto",
    accelerator: str = "cpu",
    **training: Any,
) -> Run:
    """Return a run on `prepared`, trained as the demo preset says.

    Parameters
    ----------
    weights
        Schemes, in any order.
    init, precision, accelerator
        As in `asc.train`.
    training
        Fields of `TrainingSettings` that differ from the preset's.
    """
    run = Run(
        data=scenes_of(prepared),
        network=AudioResNetSettings(width=width, classes=len(prepared.scenes)),
        start=Start(init=init),
        weights=ordered(weights),
        training=replace(demo(), **training),
    )
    return completed(run, precision, accelerator)


class Trainer:
    """Batches and learner of a run, as in `asc.training` but without scores and checkpoints.

    Attributes
    ----------
    batches
        Training batches, epoch after epoch, without end.
    """

    def __init__(self, run: Run, prepared: PreparedSet, fabric: Fabric, machine: Machine | None = None) -> None:
        task = SceneTask(run, prepared, fabric.device, machine)
        self.run = run
        self.batches = chain.from_iterable(map(task.batches, count()))
        self.learner = make_learner([run], [build_network(run)], fabric)

    def step(self, batch: Batch) -> None:
        """Train on one batch."""
        self.learner.step(batch, [self.run.training.learning_rate])
