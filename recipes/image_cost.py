"""What runs on images cost, counted beforehand: nothing is computed, no weight is allocated."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import torch

from asc.images.batches import PartName, part_rows, tested_parts
from asc.images.description import ImageData, ImageNetwork, ImageRun
from asc.images.learners import stackable
from asc.images.networks import bottleneck_ranks
from data_prep.images.sets import LabelledSet
from models.complexity import multiply_accumulates
from models.pruning.allocation import Shapes, shapes_of, sizes_of
from models.vision.architectures import build
from recipes.cost import PASSES, POSITION_BYTES, VALUE_BYTES, RunCost


class Counts(NamedTuple):
    """Numbers of a network whose parameters are all dense.

    Attributes
    ----------
    shapes
        Of the weights of its convolutions and linear layers, by layer name, in order.
    others
        All its other parameters.
    buffer_bytes
        What its state has beside, such as the running statistics of batch norm.
    """

    shapes: Shapes
    others: int
    buffer_bytes: int

    @property
    def weights(self) -> int:
        """Weights of convolutions and linear layers."""
        return sum(sizes_of(self.shapes).values())

    @property
    def parameters(self) -> int:
        """All parameters."""
        return self.weights + self.others


@cache
def counts_of(network: ImageNetwork) -> Counts:
    """Count what a network is made of."""
    with torch.device("meta"):
        built = build(network.architecture, **dict(network.size))
    shapes = shapes_of(built)
    parameters = sum(parameter.numel() for parameter in built.parameters())
    buffers = sum(buffer.numel() * buffer.element_size() for buffer in built.buffers())
    return Counts(shapes, parameters - sum(sizes_of(shapes).values()), buffers)


def trained_parameters(run: ImageRun) -> int:
    """Count the numbers that a run trains.

    Of sparse kernels (`io_only`) the numbers asked for: they are rounded to whole kernels once they are drawn.
    """
    counts, weights = counts_of(run.network), run.weights
    if weights.scheme == "bottleneck":
        ranks = bottleneck_ranks(run)
        factors = {name: rank * _sides(counts.shapes[name]) for name, rank in ranks.items()}
        return sum(factors.values()) + counts.others
    if weights.scheme == "dct":
        return sum(weights.kept) + len(counts.shapes) + counts.others
    if weights.scheme == "sparse":
        return sum(weights.kept) + counts.others
    return weights.dimension or counts.parameters


def _sides(shape: tuple[int, ...]) -> int:
    """Return a weight's rows and columns, as a matrix, together."""
    return shape[0] + math.prod(shape[1:])


@dataclass(frozen=True, kw_only=True)
class Examples:
    """What a run's data put into its network: inputs of `shape`, and how many there are of each part."""

    shape: tuple[int, ...]
    parts: Mapping[PartName, int]

    @classmethod
    def of(cls, data: ImageData, found: LabelledSet) -> "Examples":
        """Deal out the examples found as `data` says, and count."""
        shape = found.train.inputs.shape[1:]
        if len(shape) > 1:  # images, (channel, row, column); vectors stay as they are
            side = data.augmentation.resize or data.augmentation.crop_side(shape[-1])
            shape = (shape[0], side, side)
        return cls(shape=shape, parts={part: len(rows) for part, rows in part_rows(found, data.split).items()})


@cache
def _dense_macs(network: ImageNetwork, shape: tuple[int, ...]) -> int:
    with torch.device("meta"):
        return multiply_accumulates(build(network.architecture, **dict(network.size)), shape)


def macs_of_example(run: ImageRun, shape: tuple[int, ...]) -> int:
    """Count the multiply-accumulates of a forward pass of one example: those of the dense network.

    A stack leaves out the weights that are not kept. What makes a weight of its parameters, and what a pruning method
    does beforehand, is not counted.
    """
    if stackable(run):
        return sum(run.weights.kept) or counts_of(run.network).weights
    return _dense_macs(run.network, shape)


def image_cost(run: ImageRun, examples: Examples) -> RunCost:
    """Count what a run costs; where it has patience, at most."""
    parts = examples.parts
    often = tested_parts(run.training)
    tested = sum(count * (run.epochs if part in often else 1) for part, count in parts.items())
    passes = PASSES * parts["train"] * run.epochs + tested
    return RunCost(
        parameters=trained_parameters(run),
        macs=float(macs_of_example(run, examples.shape)) * passes,
        weight_bytes=_weight_bytes(run),
    )


def _weight_bytes(run: ImageRun) -> int:
    """Count the bytes of a run's final state, with the positions of sparse values and where a hyperplane starts.

    That is at most: sparse layers that keep all their weights are stored without positions.
    """
    counts, kept = counts_of(run.network), sum(run.weights.kept)
    start = counts.parameters if run.weights.dimension else 0
    return VALUE_BYTES * (trained_parameters(run) + start) + POSITION_BYTES * kept + counts.buffer_bytes
