"""Training step on the CPU, compared with plain PyTorch, and time of the input pipeline per step.

`python -m benchmarks.training`
"""

import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path

import torch
from torch import Tensor, nn

from asc.allocator import keep_freed_memory
from asc.augment import mix
from asc.clips import Kind, MappedClips
from asc.data import PlannedBatches, Sides
from asc.description import Roll
from asc.module import SceneClassifier
from asc.options import TrainOptions, describe
from benchmarks import Comparison, compare
from benchmarks.recordings import prepared_noise
from data_prep.storage import PreparedSet
from models.initialisation import initialise
from models.resnet import AudioResNet, NetworkSettings

_BATCH = 16
_WIDTHS, _LEAST = (32, 64), {32: 3.0, 64: 2.5}
_ROLLS: dict[Roll, float] = {"frames": 20.0, "waveform": 0.0}


class Trainer:
    """The operations of a training step without the trainer: load, roll, normalise, mix, forward, backward, Adam."""

    def __init__(self, prepared: PreparedSet, width: int, roll: Roll) -> None:
        options = TrainOptions(data=Path(), runs=Path(), width=width, batch_size=_BATCH, roll=roll, accelerator="cpu")
        self.description = replace(describe(options, prepared), split=prepared.split_defaults)
        sides = Sides.of(prepared, self.description)
        kind: Kind = "waveform" if roll == "waveform" else "spectrogram"
        source = MappedClips(prepared, kind)
        self.module = SceneClassifier(self.description, source, prepared.band_statistics(sides.train))
        self.optimizer = self.module.configure_optimizers()
        self.batches = PlannedBatches(source, sides, self.description, rank=0)
        self.steps = count()

    def inputs(self) -> tuple[Tensor, Tensor]:
        """Return the next batch after mixup, and its labels, as computed by the input pipeline."""
        steps = len(self.batches.sides.train) // _BATCH
        epoch, step = divmod(next(self.steps), steps)
        batch = self.batches[epoch, step]
        spectrograms = self.module.spectrograms(batch.clips, batch.shift)
        return mix(spectrograms, batch.first, batch.second, batch.weight), batch.first_label

    def step(self, inputs: Tensor, labels: Tensor) -> None:
        """Train on one batch."""
        half = self.description.training.precision == "bf16-mixed"
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
            loss = nn.functional.cross_entropy(self.module(inputs), labels)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()


def plain_step(width: int, channels_last: bool) -> Callable[[Tensor, Tensor], None]:
    """Return a training step as in a PyTorch tutorial: float32, eager mode."""
    network = AudioResNet(NetworkSettings(width=width, classes=2))
    initialise(network, "fixup", 0)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    network.to(memory_format=layout)  # type: ignore[call-overload]
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-4)

    def step(inputs: Tensor, labels: Tensor) -> None:
        loss = nn.functional.cross_entropy(network(inputs.contiguous(memory_format=layout)), labels)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return step


def measure_steps(prepared: PreparedSet, memory: str, least: dict[int, float]) -> list[Comparison]:
    """Measure training steps against plain ones; `memory` describes the memory allocator of both."""
    rows = []
    for width in _WIDTHS:
        ours = Trainer(prepared, width, "frames")
        batch = ours.inputs()
        what = f"training step, W={width}, {ours.description.training.precision}, {memory}"
        for channels_last, peer in ((False, "float32, channels first, eager"), (True, "float32, channels last")):
            theirs = plain_step(width, channels_last)
            step, other = partial(ours.step, *batch), partial(theirs, *batch)
            bound = 0.0 if channels_last else least.get(width, 0.0)
            rows.append(compare(what, step, peer, other, turns=7, burst=1, least=bound))
    return rows


def measure() -> list[Comparison]:
    """Measure on 10 s clips (256 x 431) in batches of 16, on all cores."""
    with tempfile.TemporaryDirectory() as folder:
        prepared = prepared_noise(Path(folder), clips=48, seconds=10.0)
        rows = measure_steps(prepared, "memory as PyTorch gets it", _LEAST)
        keep_freed_memory()  # as in the trainer; from here on it speeds up the peer too
        rows += measure_steps(prepared, "freed memory kept", {})
        for roll, least in _ROLLS.items():
            ours = Trainer(prepared, 32, roll)
            step = partial(ours.step, *ours.inputs())
            what = f"input pipeline, rolling {roll}, 16 clips"
            rows.append(compare(what, ours.inputs, "training step, W=32", step, turns=7, burst=2, least=least))
    return rows


if __name__ == "__main__":
    for row in measure():
        print(row)
