"""How fast networks on images take their steps on this machine, by a few steps that are timed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from asc.images.description import ImageRun
from asc.images.learners import make_learner
from asc.images.networks import build_network
from recipes.cost import PASSES, seconds_of
from recipes.image_cost import macs_of_example

# Multiply-accumulates that take a fraction of a second, on one core and on a GPU.
_QUICK = {"cpu": 1e9, "cuda": 1e10}
_FEWEST = 4  # examples of a probe


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Seconds that a step takes however little it computes, and those of each multiply-accumulate."""

    step: float
    mac: float


def is_quick(macs: int, accelerator: str) -> bool:
    """Whether steps of so many multiply-accumulates an example are timed quickly."""
    return _FEWEST * macs <= _QUICK[accelerator]


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
