"""How long runs on acoustic scenes would take on this machine: by steps and tests of each network, and short runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from lightning.fabric.utilities import move_data_to_device

from asc.accelerator import set_up
from asc.clips import Kind, MappedClips
from asc.data import PlannedBatches, Sides
from asc.description import RunDescription
from asc.epochs import LAST_EPOCHS
from asc.module import SceneClassifier
from asc.plan import steps_per_epoch
from asc.prediction import logits_of
from asc.training import Machine, train
from data_prep.storage import PreparedSet
from models.resnet import NetworkSettings
from recipes.cost import PASSES, seconds_of
from recipes.trials import beside_steps, paces_of

# Multiply-accumulates of a step that is timed; a larger network is timed on fewer clips, or as a smaller one's.
_QUICK = {"cpu": 2e10, "cuda": 1e12}


@dataclass(frozen=True, kw_only=True)
class Speed:
    """Seconds of a clip in training and in testing, divided by the multiply-accumulates of its forward pass."""

    train: float
    test: float


@dataclass(frozen=True)
class SceneTimes:
    """Seconds of runs on the clips of one set.

    Attributes
    ----------
    sides
        How the set is split.
    macs
        Multiply-accumulates of one clip's forward pass, by network.
    """

    prepared: PreparedSet
    sides: Sides
    macs: Mapping[NetworkSettings, int]
    accelerator: str

    def of(self, runs: Sequence[RunDescription]) -> dict[str, float]:
        """Return the seconds of runs by identity; each stands for its seeds."""
        if not runs:
            return {}
        set_up(self.accelerator)
        ordered = sorted(runs, key=lambda run: self.macs[run.network])
        quick = _QUICK[self.accelerator]
        paces = paces_of(
            ordered,
            key=lambda run: (run.network, *_kind(run)),
            kind=_kind,
            quick=lambda run: 2 * PASSES * self.macs[run.network] <= quick,
            measure=self._speed,
        )
        speeds = {run.identity: pace for run, pace in zip(ordered, paces, strict=True)}
        smallest = ordered[0]
        [beside] = beside_steps(
            [smallest],
            self._train,
            lambda run, epochs: self._steps(_lasting(run, epochs), speeds[smallest.identity]),
        )
        return {
            run.identity: beside.start + run.epochs * beside.epoch + self._steps(run, speeds[run.identity])
            for run in runs
        }

    def _steps(self, run: RunDescription, speed: Speed) -> float:
        """Return the seconds of all training and testing of a run."""
        trained = steps_per_epoch(len(self.sides.train), run.training) * run.training.batch_size * run.epochs
        tested = len(self.sides.test) * run.epochs + len(self.sides.train) * min(run.epochs, LAST_EPOCHS)
        return self.macs[run.network] * (speed.train * trained + speed.test * tested)

    def _speed(self, run: RunDescription) -> Speed:
        """Take a few steps, and test a few clips, of the set's own."""
        macs, device = self.macs[run.network], torch.device(self.accelerator)
        clips = max(2, min(run.training.batch_size, int(_QUICK[self.accelerator] / (PASSES * macs))))
        alone = replace(run, training=replace(run.training, batch_size=clips, world_size=1))
        kind: Kind = "waveform" if run.training.roll == "waveform" else "spectrogram"
        source, mels = MappedClips(self.prepared, kind), self.prepared.shape[0]
        module = SceneClassifier(alone, source, (np.zeros(mels, np.float32), np.ones(mels, np.float32))).to(device)
        batches, optimiser = PlannedBatches(source, self.sides, alone, 0), module.configure_optimizers()
        half = run.training.precision == "bf16-mixed"

        def precision() -> torch.autocast:
            return torch.autocast(self.accelerator, dtype=torch.bfloat16, enabled=half)

        def step() -> None:
            batch = move_data_to_device(batches[0, 0], device)
            with precision():
                loss = module.training_step(batch, 0)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()

        tested = self.sides.test[: PASSES * clips]
        return Speed(
            train=seconds_of(step, self.accelerator) / (clips * macs),
            test=seconds_of(lambda: logits_of(module, tested, precision), self.accelerator) / (len(tested) * macs),
        )

    def _train(self, run: RunDescription, epochs: int, folder: Path) -> None:
        train(_lasting(run, epochs), self.prepared, folder, Machine(accelerator=self.accelerator))


def _kind(run: RunDescription) -> tuple[object, ...]:
    """Return what runs have in common that differ in size."""
    sparsity = run.weights.sparsity
    return run.weights.damping is None, None if sparsity is None else sparsity.method


def _lasting(run: RunDescription, epochs: int) -> RunDescription:
    """Return a dense run of so many epochs in one process."""
    training = replace(run.training, epochs=epochs, world_size=1)
    return replace(run, training=training, weights=replace(run.weights, sparsity=None))
