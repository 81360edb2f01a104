"""How long pruning methods take to choose weights before training: passes counted, at the pace of a few steps."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

from asc.images.description import ImageData, ImageRun, ImageWeights
from models.pruning.prune import METHODS, Method
from recipes.cost import PASSES
from recipes.image_cost import Examples, macs_of_example
from recipes.image_paces import Pace, is_quick, measured_pace
from recipes.trials import paces_of

# Forward and backward passes of one scoring; GraSP goes twice through all examples, and the second time twice back.
_PASSES: dict[Method, int] = {"random": 0, "magnitude": 0, "grasp": 3}
_BLIND: tuple[Method, ...] = ("random", "magnitude", "synflow")  # one example, whose values are of no account


def pruning_times(runs: Sequence[ImageRun], examples: Mapping[ImageData, Examples]) -> dict[ImageRun, float]:
    """Return the seconds of those runs that a pruning method starts; it computes on the CPU.

    Parameters
    ----------
    runs
        Any runs.
    examples
        Of all data that they are on.
    """
    pruned = [run for run in runs if run.weights.pruning]
    pruned.sort(key=lambda run: _macs(run, examples))
    paces = paces_of(
        pruned,
        key=lambda run: (run.network, run.data),
        kind=lambda run: run.network.architecture,
        quick=lambda run: is_quick(_macs(run, examples), "cpu"),
        measure=lambda run: measured_pace([_dense(run)], examples[run.data].shape, "cpu"),
    )
    return {run: _seconds(run, examples[run.data], pace) for run, pace in zip(pruned, paces, strict=True)}


def _macs(run: ImageRun, examples: Mapping[ImageData, Examples]) -> int:
    return PASSES * macs_of_example(_dense(run), examples[run.data].shape)


def _dense(run: ImageRun) -> ImageRun:
    """Return the run as it is scored: dense, in 32 bit."""
    training = replace(run.training, precision="32-true")
    return replace(run, weights=ImageWeights(start=run.weights.start, sigma=run.weights.sigma), training=training)


def _seconds(run: ImageRun, examples: Examples, pace: Pace) -> float:
    method = cast(Method, run.weights.pruning)
    scored = 1 if method in _BLIND else min(run.weights.examples, examples.parts["train"])
    macs = PASSES * macs_of_example(_dense(run), examples.shape)
    once = math.ceil(scored / run.training.batch_size) * pace.step + scored * macs * pace.mac
    return (run.weights.iterations or METHODS[method][1]) * _PASSES.get(method, 1) * once
