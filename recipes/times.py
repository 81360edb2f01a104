"""Estimated times of runs on this machine, from multiply-accumulates, measured speeds and short trial runs."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import torch

from asc.augmentations.augmentation import Batch
from asc.fabric import make_fabric
from asc.learners import Learner, make_learner, stackable
from asc.machine import Machine
from asc.networks import build_network
from asc.open_data import DataSource, open_task
from asc.run import Data, Run, Stack
from asc.stacks import stack_up
from asc.task import Task
from asc.training import train
from models.pruning.prune import METHODS, Method
from models.weights.pruned import PrunedAtStart
from models.weights.schemes import find_scheme
from recipes.cost import PASSES, Examples, macs_of_example, seconds_of
from recipes.trials import Beside, beside_steps, paces_of

# Maximum multiply-accumulates of a timed step. A larger network is timed on fewer examples, or not timed.
_QUICK = {"cpu": 2e10, "cuda": 1e12}
_FEWEST = 2  # minimum number of examples of a step
_TRIED = 8  # maximum number of runs of a stack in a trial run
# Forward and backward passes per iteration of scoring. GraSP has two forward and three backward passes.
_SCORING: Mapping[Method, int] = {"random": 0, "magnitude": 0, "grasp": 3}
_BLIND: tuple[Method, ...] = ("random", "magnitude", "synflow")  # scores that use only the shape of an example


@dataclass(frozen=True, kw_only=True)
class Speed:
    """Seconds per multiply-accumulate of an example's forward pass, in training and in testing."""

    train: float
    test: float


@dataclass(frozen=True)
class _Job:
    """A run, or runs that are trained as a stack, with their numbers of examples."""

    runs: tuple[Run, ...]
    examples: Examples

    @property
    def macs(self) -> int:
        """Multiply-accumulates of a forward pass on one example."""
        return sum(macs_of_example(run, self.examples.shape) for run in self.runs)

    @property
    def key(self) -> object:
        """Key of jobs whose steps take the same time."""
        return self.examples.shape, *((run.network, _schemes(run)) for run in self.runs)

    @property
    def kind(self) -> object:
        """Key of jobs that differ only in the size of the network."""
        run = self.runs[0]
        return run.network.kind, _schemes(run), stackable(run)

    @property
    def similar(self) -> object:
        """Key of jobs whose overhead besides steps is the same."""
        return self.kind, self.runs[0].data

    @property
    def tried(self) -> "_Job":
        """A job for a trial run: a few runs of all sizes, without pruning at initialisation."""
        return replace(self, runs=tuple(map(_unscored, self.runs[:: math.ceil(len(self.runs) / _TRIED)])))

    def lasting(self, epochs: int) -> "_Job":
        """Return the job with another number of epochs, in one process."""
        return replace(self, runs=tuple(_lasting(run, epochs) for run in self.runs))

    def seconds(self, speed: Speed) -> float:
        """Return the seconds of all training steps and tests."""
        run = self.runs[0]
        return self.macs * (
            speed.train * self.examples.parts["train"] * run.epochs + speed.test * self.examples.tested(run)
        )


def _schemes(run: Run) -> tuple[str, ...]:
    return tuple(scheme.kind for scheme in run.weights)


def _unscored(run: Run) -> Run:
    """Return the run without pruning at initialisation, which does not affect the time of a step."""
    return replace(run, weights=tuple(each for each in run.weights if not isinstance(each, PrunedAtStart)))


def _lasting(run: Run, epochs: int) -> Run:
    training = replace(run.training, epochs=epochs, world_size=1)
    weights = tuple(each for each in run.weights if each.kind != "iterative")  # its epochs are those of the full run
    return replace(run, training=training, weights=weights)


def _endless(task: Task) -> Iterator[Batch]:
    for epoch in count():
        yield from task.batches(epoch)


@dataclass(frozen=True)
class Times:
    """Estimated seconds of runs on this machine; for runs with patience, the maximum.

    Attributes
    ----------
    examples
        Numbers of examples, for the data of all runs.
    data
        Prepared set, or folder of image sets.
    accelerator
        `cpu` or `cuda`.
    """

    examples: Mapping[Data, Examples]
    data: DataSource
    accelerator: str

    def of(self, runs: Sequence[Run]) -> dict[Run, float]:
        """Return the seconds of each run; the time of a stack is divided equally among its runs."""
        together = [job.runs if isinstance(job, Stack) else (job,) for job in stack_up(runs)]
        jobs = sorted((_Job(some, self.examples[some[0].data]) for some in together), key=lambda job: job.macs)
        speeds = self._speeds(jobs)
        besides, scoring = self._besides(jobs, speeds), self._scoring(runs)
        found: dict[Run, float] = {}
        for job in jobs:
            start, epoch = besides[job.similar]
            seconds = job.seconds(speeds[job.key]) + len(job.runs) * start + job.runs[0].epochs * epoch
            found |= {run: seconds / len(job.runs) + scoring.get(run, 0.0) for run in job.runs}
        return {run: found[run] for run in runs}

    def _speeds(self, jobs: Sequence[_Job]) -> dict[object, Speed]:
        """Return the measured speed of each network and scheme; `jobs` are in ascending size.

        A network that is too large to be timed has the speed of the largest network of its kind that was timed.
        """
        found = paces_of(
            jobs,
            key=lambda job: job.key,
            kind=lambda job: job.kind,
            quick=lambda job: _FEWEST * PASSES * job.macs <= _QUICK[self.accelerator],
            measure=lambda job: self._speed(job, self.accelerator),
        )
        return {job.key: speed for job, speed in zip(jobs, found, strict=True)}

    def _speed(self, job: _Job, accelerator: str) -> Speed:
        """Return the speed measured on a few training steps and tests with the run's data."""
        first = job.runs[0]
        few = int(_QUICK[accelerator] / (PASSES * job.macs))
        size = max(_FEWEST, min(first.training.batch_size, job.examples.parts["train"], few))
        runs = [
            replace(_unscored(run), training=replace(run.training, batch_size=size, world_size=1)) for run in job.runs
        ]
        fabric = make_fabric(accelerator, first.training.precision)
        task = open_task(runs[0], self.data, fabric.device, Machine(accelerator=accelerator))
        learner = make_learner(runs, [build_network(run).to(fabric.device) for run in runs], fabric)
        batches, rates = _endless(task), [run.training.learning_rate for run in runs]
        seconds = seconds_of(lambda: learner.step(next(batches), rates), accelerator)
        inputs = next(batches).inputs
        return Speed(
            train=seconds / (size * job.macs),
            test=seconds_of(lambda: _test(learner, inputs), accelerator) / (len(inputs) * job.macs),
        )

    def _besides(self, jobs: Sequence[_Job], speeds: Mapping[object, Speed]) -> dict[object, Beside]:
        """Return the overhead besides steps, measured on the smallest of similar jobs; `start` is per run."""
        smallest: dict[object, _Job] = {}
        for job in jobs:
            smallest.setdefault(job.similar, job.tried)
        tried = [(job, speeds.get(job.key) or self._speed(job, self.accelerator)) for job in smallest.values()]
        found = beside_steps(tried, self._train, lambda trial, epochs: trial[0].lasting(epochs).seconds(trial[1]))
        several = zip(smallest.items(), found, strict=True)
        return {similar: Beside(beside.start / len(job.runs), beside.epoch) for (similar, job), beside in several}

    def _train(self, trial: tuple[_Job, Speed], epochs: int, folder: Path) -> None:
        runs = trial[0].lasting(epochs).runs
        train(Stack(runs) if len(runs) > 1 else runs[0], self.data, folder, Machine(accelerator=self.accelerator))

    def _scoring(self, runs: Sequence[Run]) -> dict[Run, float]:
        """Return the seconds of pruning at initialisation, which computes on the CPU."""
        dense = {run: _dense(run) for run in runs if find_scheme(run.weights, PrunedAtStart)}
        jobs = {run: _Job((plain,), self.examples[run.data]) for run, plain in dense.items()}
        ordered = sorted(jobs, key=lambda run: jobs[run].macs)
        speeds = paces_of(
            ordered,
            key=lambda run: (run.network, run.data),
            kind=lambda run: run.network.kind,
            quick=lambda run: _FEWEST * PASSES * jobs[run].macs <= _QUICK["cpu"],
            measure=lambda run: self._speed(jobs[run], "cpu"),
        )
        return {run: _seconds_of_scoring(run, jobs[run], speed) for run, speed in zip(ordered, speeds, strict=True)}


def _test(learner: Learner, inputs: torch.Tensor) -> None:
    with torch.no_grad():
        learner.logits(inputs)


def _dense(run: Run) -> Run:
    """Return the run as in pruning at initialisation: without schemes, in float32."""
    return replace(run, weights=(), training=replace(run.training, precision="32-true"))


def _seconds_of_scoring(run: Run, job: _Job, speed: Speed) -> float:
    scheme = find_scheme(run.weights, PrunedAtStart)
    assert isinstance(scheme, PrunedAtStart)  # noqa: S101 - the runs were chosen by it
    scored = 1 if scheme.method in _BLIND else min(scheme.examples, job.examples.parts["train"])
    iterations = scheme.iterations or METHODS[scheme.method][1]
    return iterations * _SCORING.get(scheme.method, 1) * scored * job.macs * speed.train
