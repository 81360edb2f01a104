"""How long runs on images would take on this machine: operations counted, at the pace of a few steps measured."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import torch

from asc.images.description import ImageData, ImageRun, Stack
from asc.images.learners import make_learner, stackable
from asc.images.networks import build_network
from asc.images.stacks import stack_up
from recipes.cost import PASSES, RunCost, seconds_of
from recipes.image_cost import Examples, macs_of_example

T = TypeVar("T")
P = TypeVar("P")
# Multiply-accumulates that take a fraction of a second, on one core and on a GPU.
_QUICK = {"cpu": 1e9, "cuda": 1e10}
_FEWEST = 4  # examples of a probe


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Seconds that a step takes however little it computes, and those of each multiply-accumulate."""

    step: float
    mac: float


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
    def steps(self) -> int:
        """Steps of the whole training."""
        learning = self.runs[0].training
        return learning.epochs * math.ceil(self.examples.parts["train"] / learning.batch_size)


def times_of(
    costs: Mapping[ImageRun, RunCost], examples: Mapping[ImageData, Examples], accelerator: str
) -> dict[ImageRun, float]:
    """Return the seconds that each of these runs would take; those that learn together take equal shares.

    What is done to images on their way is not in it, nor what a pruning method computes first; where runs have
    patience it is the longest that they can take.

    Parameters
    ----------
    costs
        What each run costs.
    examples
        Of all data that they are on.
    accelerator
        `cpu` or `cuda`.
    """
    together = [job.runs if isinstance(job, Stack) else (job,) for job in stack_up(list(costs))]
    jobs = [_Job(runs, examples[runs[0].data]) for runs in together]
    paces = _paces(jobs, accelerator)
    found: dict[ImageRun, float] = {}
    for job in jobs:
        pace = paces[job.key]
        seconds = job.steps * pace.step + sum(costs[run].macs for run in job.runs) * pace.mac
        found |= {run: seconds / len(job.runs) for run in job.runs}
    return found


def _paces(jobs: Sequence[_Job], accelerator: str) -> dict[object, Pace]:
    """Measure a pace for each network and scheme of weights: narrow networks are far slower for what they compute.

    A network that is too large to be measured quickly has the pace of the largest of its architecture and scheme that
    is not, or else of the smallest.
    """
    ordered = sorted(jobs, key=lambda job: job.macs)
    found = paces_of(
        ordered,
        key=lambda job: job.key,
        kind=lambda job: job.kind,
        quick=lambda job: _FEWEST * job.macs <= _QUICK[accelerator],
        measure=lambda job: measured_pace(job.runs, job.examples.shape, accelerator),
    )
    return {job.key: pace for job, pace in zip(ordered, found, strict=True)}


def paces_of(
    ordered: Sequence[T],
    *,
    key: Callable[[T], object],
    kind: Callable[[T], object],
    quick: Callable[[T], bool],
    measure: Callable[[T], P],
) -> list[P]:
    """Return the pace of each item: measured once for each key, or else that of the largest of its kind so far.

    Parameters
    ----------
    ordered
        Smallest first.
    key, kind
        What items have in common that are equally fast; and that differ in size only.
    quick
        Whether an item can be measured quickly; the first of each kind is measured whatever it takes.
    """
    by_key: dict[object, P] = {}
    by_kind: dict[object, P] = {}
    for item in ordered:
        if key(item) not in by_key:
            if quick(item) or kind(item) not in by_kind:
                by_kind[kind(item)] = measure(item)
            by_key[key(item)] = by_kind[kind(item)]
    return [by_key[key(item)] for item in ordered]


def measured_pace(runs: Sequence[ImageRun], shape: tuple[int, ...], accelerator: str) -> Pace:
    """Take a few steps of one run, or of a stack, on few and on more random inputs of `shape`, and tell both apart.

    Which weights are kept is of no account: they are chosen at random, where a pruning method would take its time.
    """
    device = torch.device(accelerator)
    networks = [build_network(replace(run, weights=replace(run.weights, pruning=None))).to(device) for run in runs]
    learner, rates = make_learner(runs, networks, []), [run.training.learning_rate for run in runs]
    macs, more = PASSES * sum(macs_of_example(run, shape) for run in runs), runs[0].training.batch_size
    if accelerator == "cpu":  # a GPU is fast only if it is filled
        more = min(more, int(_QUICK["cpu"] / macs))
    more = max(more, 2 * _FEWEST)
    inputs, labels = torch.randn(more, *shape, device=device), torch.zeros(more, dtype=torch.long, device=device)

    def seconds(count: int) -> float:
        return seconds_of(lambda: learner.step(inputs[:count], labels[:count], rates), accelerator)

    few = max(_FEWEST, more // 4)
    short, long = seconds(few), seconds(more)
    each = max(0.0, long - short) / (more - few)
    return Pace(step=max(0.0, short - few * each), mac=each / macs)
