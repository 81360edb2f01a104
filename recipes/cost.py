"""What a figure's runs would cost, told beforehand; those on images are counted in `recipes.image_cost`."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn

from asc.data import Sides
from asc.description import RunDescription
from asc.module import build_network
from asc.sparsity import budget, count_weights
from data_prep.storage import PreparedSet
from models.complexity import multiply_accumulates
from models.resnet import AudioResNet, NetworkSettings

# A step is a forward and a backward pass, which costs twice a forward one.
PASSES = 3
VALUE_BYTES, POSITION_BYTES = 4, 4
_PROBE_WIDTH, _PROBE_CLIPS = 32, 8


@dataclass(frozen=True, kw_only=True)
class RunCost:
    """Parameters that are kept, multiply-accumulates of training and evaluation after each epoch, final weights."""

    parameters: int
    macs: float
    weight_bytes: int


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
    return RunCost(parameters=parameters, macs=total, weight_bytes=state)


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


def macs_per_second(descriptions: Sequence[RunDescription], prepared: PreparedSet, accelerator: str) -> float:
    """Measure how fast this machine trains a network of width 32 on clips of the set, at the runs' precision."""
    probe = replace(descriptions[0], network=NetworkSettings(width=_PROBE_WIDTH, classes=len(prepared.scenes)))
    device = torch.device(accelerator)
    network = build_network(probe).to(device)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    inputs = torch.randn(_PROBE_CLIPS, 1, *prepared.shape, device=device)
    labels = torch.zeros(_PROBE_CLIPS, dtype=torch.long, device=device)
    half = probe.training.precision == "bf16-mixed"

    def step() -> None:
        with torch.autocast(accelerator, dtype=torch.bfloat16, enabled=half):
            loss = nn.functional.cross_entropy(network(inputs), labels)
        loss.backward()  # type: ignore[no-untyped-call]

    seconds = seconds_of(step, accelerator)
    return multiply_accumulates(network.float(), (1, *prepared.shape)) * PASSES * _PROBE_CLIPS / seconds
