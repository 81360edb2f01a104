"""What a figure's runs would cost, told beforehand; those on images are counted in `recipes.image_cost`."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from asc.data import Sides
from asc.description import RunDescription
from asc.sparsity import budget, count_weights
from data_prep.storage import PreparedSet
from models.complexity import multiply_accumulates
from models.resnet import AudioResNet

# A step is a forward and a backward pass, which costs twice a forward one.
PASSES = 3
VALUE_BYTES, POSITION_BYTES = 4, 4


@dataclass(frozen=True, kw_only=True)
class RunCost:
    """Parameters that are kept, multiply-accumulates of training and evaluation after each epoch, final weights.

    `macs_of_clip` are those of one forward pass, where runs are on acoustic scenes.
    """

    parameters: int
    macs: float
    weight_bytes: int
    macs_of_clip: int = 0


@dataclass(frozen=True, kw_only=True)
class SetSize:
    """What a prepared set and its split put into a network: spectrograms of `shape`, and how many on either side."""

    shape: tuple[int, int]
    train: int
    test: int

    @classmethod
    def of(cls, prepared: PreparedSet, description: RunDescription) -> "SetSize":
        """Split `prepared` as `description` says, and count."""
        sides = Sides.of(prepared, description)
        return cls(shape=prepared.shape, train=len(sides.train), test=len(sides.test))


def run_cost(description: RunDescription, size: SetSize) -> RunCost:
    """Count what `description` costs: nothing is computed, no weight is allocated."""
    with torch.device("meta"):
        network = AudioResNet(description.network)
        macs = multiply_accumulates(network, (description.network.channels, *size.shape))
    parameters = sum(parameter.numel() for parameter in network.parameters())
    state = sum(tensor.numel() * tensor.element_size() for tensor in network.state_dict().values())
    sparsity, dense = description.weights.sparsity, count_weights(network)
    if sparsity is not None:
        kept = budget(description.network, sparsity)
        parameters += kept - dense
        mask = dense  # a byte each
        static = (VALUE_BYTES + POSITION_BYTES) * kept - VALUE_BYTES * dense
        state += static if sparsity.method == "static" else mask
    clips = PASSES * size.train + size.test
    total = float(macs) * clips * description.training.epochs
    return RunCost(parameters=parameters, macs=total, weight_bytes=state, macs_of_clip=macs)


def seconds_of(step: Callable[[], object], accelerator: str) -> float:
    """Return how long a step takes on this machine: the median of three, after one that does not count."""
    durations = []
    for _ in range(4):
        start = time.perf_counter()
        step()
        if accelerator == "cuda":
            torch.cuda.synchronize()
        durations.append(time.perf_counter() - start)
    return float(np.median(durations[1:]))
