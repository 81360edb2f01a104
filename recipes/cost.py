"""Cost of runs, counted before training, without computing or allocating weights."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch

from asc.images.task import part_rows, shape_of, tested_parts
from asc.learners import stackable
from asc.open_data import DataSource, open_prepared
from asc.run import ImageData, Run, SceneData
from asc.scenes.sides import Sides
from asc.scenes.task import LAST_EPOCHS
from data_prep.images.sets import LabelledSet
from models.complexity import multiply_accumulates
from models.counts import network_counts
from models.network import NetworkSettings
from models.registry import build
from models.weights.schemes import kept_weights, state_bytes, trained_parameters

# A training step is a forward and a backward pass, which costs twice as much as a forward pass.
PASSES = 3


@dataclass(frozen=True, kw_only=True)
class RunCost:
    """Trained parameters, multiply-accumulates of training and all tests, and bytes of the final weights.

    For a run with patience, all of its epochs are counted.
    """

    parameters: int
    macs: float
    weight_bytes: int


@dataclass(frozen=True, kw_only=True)
class Examples:
    """Shape of a network input, and number of examples of each split."""

    shape: tuple[int, ...]
    parts: Mapping[str, int]

    @classmethod
    def of(cls, run: Run, data: DataSource | LabelledSet) -> "Examples":
        """Return the input shape and the number of examples of each split of a run."""
        if isinstance(run.data, SceneData):
            prepared = open_prepared(run, data)  # type: ignore[arg-type]
            sides = Sides.of(prepared, run)
            return cls(shape=(1, *prepared.shape), parts={"train": len(sides.train), "test": len(sides.test)})
        assert isinstance(run.data, ImageData)  # noqa: S101 - the other kind of data
        assert isinstance(data, LabelledSet)  # noqa: S101
        rows = part_rows(data, run.data.split)
        return cls(shape=shape_of(run.data, data), parts={part: len(found) for part, found in rows.items()})

    def tested(self, run: Run) -> int:
        """Return the number of examples in all tests of a run."""
        if isinstance(run.data, SceneData):
            return self.parts["test"] * run.epochs + self.parts["train"] * min(run.epochs, LAST_EPOCHS)
        often = tested_parts(run.training)
        return sum(count * (run.epochs if part in often else 1) for part, count in self.parts.items())


@cache
def _dense_macs(network: NetworkSettings, shape: tuple[int, ...]) -> int:
    with torch.device("meta"):
        return multiply_accumulates(build(network), shape)


def macs_of_example(run: Run, shape: tuple[int, ...]) -> int:
    """Return the multiply-accumulates of a forward pass on one example, with the dense network.

    For networks that are trained in a stack only the kept weights are counted. The computation of weights from trained
    values is not counted.
    """
    if stackable(run):
        return kept_weights(run.weights, run.network) or network_counts(run.network).weights
    return _dense_macs(run.network, shape)


def run_cost(run: Run, examples: Examples) -> RunCost:
    """Return the cost of a run."""
    passes = PASSES * examples.parts["train"] * run.epochs + examples.tested(run)
    return RunCost(
        parameters=trained_parameters(run.weights, run.network),
        macs=float(macs_of_example(run, examples.shape)) * passes,
        weight_bytes=state_bytes(run.weights, run.network),
    )


def seconds_of(step: Callable[[], object], accelerator: str) -> float:
    """Return the seconds of a step on this machine: the median of three, after a warm-up step."""
    durations = []
    for _ in range(4):
        start = time.perf_counter()
        step()
        if accelerator == "cuda":
            torch.cuda.synchronize()
        durations.append(time.perf_counter() - start)
    return float(np.median(durations[1:]))
