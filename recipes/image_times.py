"""How long runs on images would take on this machine: operations counted at measured paces, and short runs."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from asc.accelerator import set_up
from asc.images.description import ImageData, ImageRun, Stack
from asc.images.learners import stackable
from asc.images.stacks import stack_up
from asc.images.training import train_images
from recipes.cost import PASSES
from recipes.image_cost import Examples, image_cost, macs_of_example
from recipes.image_paces import Pace, is_quick, measured_pace
from recipes.pruning_times import pruning_times
from recipes.trials import Beside, beside_steps, paces_of

_TRIED = 8  # runs of a stack


@dataclass(frozen=True)
class _Job:
    """Runs that learn together, or one alone, and their examples."""

    runs: tuple[ImageRun, ...]
    examples: Examples

    @property
    def macs(self) -> int:
        """Multiply-accumulates of a step of one example."""
        return PASSES * sum(macs_of_example(run, self.examples.shape) for run in self.runs)

    @property
    def key(self) -> object:
        """What jobs have in common whose steps take equally long."""
        return self.examples.shape, *((run.network, run.weights.scheme) for run in self.runs)

    @property
    def kind(self) -> object:
        """What jobs have in common that differ in size."""
        run = self.runs[0]
        return run.network.architecture, run.weights.scheme, stackable(run)

    @property
    def similar(self) -> object:
        """What jobs have in common that take equally long beside their steps."""
        return self.kind, self.runs[0].data

    @property
    def tried(self) -> "_Job":
        """A job of few of these runs, of all sizes, without what a pruning method computes first."""
        some = self.runs[:: math.ceil(len(self.runs) / _TRIED)]
        return replace(self, runs=tuple(replace(run, weights=replace(run.weights, pruning=None)) for run in some))

    def lasting(self, epochs: int) -> "_Job":
        """Return the job of so many epochs."""
        return replace(
            self, runs=tuple(replace(run, training=replace(run.training, epochs=epochs)) for run in self.runs)
        )

    def seconds(self, pace: Pace) -> float:
        """Return how long all steps and tests take."""
        learning = self.runs[0].training
        steps = learning.epochs * math.ceil(self.examples.parts["train"] / learning.batch_size)
        return steps * pace.step + pace.mac * sum(image_cost(run, self.examples).macs for run in self.runs)


@dataclass(frozen=True)
class ImageTimes:
    """Seconds of runs on images, from operations counted, at paces measured, and from short runs.

    Where runs have patience it is the longest that they can take.

    Attributes
    ----------
    examples
        Of all data that runs are on.
    images
        Folder of image sets.
    accelerator
        `cpu` or `cuda`.
    """

    examples: Mapping[ImageData, Examples]
    images: Path
    accelerator: str

    def of(self, runs: Sequence[ImageRun]) -> dict[ImageRun, float]:
        """Return the seconds of each run; those that learn together take equal shares."""
        set_up(self.accelerator)
        together = [job.runs if isinstance(job, Stack) else (job,) for job in stack_up(runs)]
        jobs = sorted((_Job(some, self.examples[some[0].data]) for some in together), key=lambda job: job.macs)
        paces = _paces(jobs, self.accelerator)
        besides, pruning = self._besides(jobs, paces), pruning_times(runs, self.examples)
        found: dict[ImageRun, float] = {}
        for job in jobs:
            start, epoch = besides[job.similar]
            seconds = job.seconds(paces[job.key]) + len(job.runs) * start + job.runs[0].epochs * epoch
            found |= {run: seconds / len(job.runs) + pruning.get(run, 0.0) for run in job.runs}
        return {run: found[run] for run in runs}

    def _besides(self, jobs: Sequence[_Job], paces: Mapping[object, Pace]) -> dict[object, Beside]:
        """Return what the smallest of similar jobs takes beside its steps; to start and end, for each of its runs."""
        smallest: dict[object, _Job] = {}
        for job in jobs:
            smallest.setdefault(job.similar, job.tried)
        tried = [
            (job, paces.get(job.key) or measured_pace(job.runs, job.examples.shape, self.accelerator))
            for job in smallest.values()
        ]
        found = beside_steps(tried, self._train, lambda trial, epochs: trial[0].lasting(epochs).seconds(trial[1]))
        several = zip(smallest.items(), found, strict=True)
        return {similar: Beside(beside.start / len(job.runs), beside.epoch) for (similar, job), beside in several}

    def _train(self, trial: tuple[_Job, Pace], epochs: int, folder: Path) -> None:
        runs = trial[0].lasting(epochs).runs
        train_images(Stack(runs) if len(runs) > 1 else runs[0], self.images, folder, self.accelerator)


def _paces(jobs: Sequence[_Job], accelerator: str) -> dict[object, Pace]:
    """Measure a pace for each network and scheme of weights: narrow networks are far slower for what they compute.

    Jobs are given smallest first.

    A network that is too large to be measured quickly has the pace of the largest of its architecture and scheme that
    is not, or else of the smallest.
    """
    found = paces_of(
        jobs,
        key=lambda job: job.key,
        kind=lambda job: job.kind,
        quick=lambda job: is_quick(job.macs, accelerator),
        measure=lambda job: measured_pace(job.runs, job.examples.shape, accelerator),
    )
    return {job.key: pace for job, pace in zip(jobs, found, strict=True)}
