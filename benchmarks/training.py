"""Training step on the CPU, compared with plain PyTorch, and time of the input pipeline per step.

`python -m benchmarks.training`
"""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from lightning.fabric import Fabric
from torch import Tensor, nn

from asc.allocator import keep_freed_memory
from asc.augmentations.augmentation import Augmentation
from asc.augmentations.mixup import Mixup
from asc.augmentations.rolling import RolledFrames, RolledWaveforms
from benchmarks import Comparison, compare
from benchmarks.recordings import prepared_noise
from benchmarks.trainer import Trainer, scene_run
from data_prep.storage import PreparedSet
from models.audio.resnet import AudioResNet, AudioResNetSettings
from models.initialisation import initialise

_BATCH = 16
_WIDTHS, _LEAST = (32, 64), {32: 3.0, 64: 2.5}
_ROLLS: dict[str, tuple[Augmentation, float]] = {
    "frames": (RolledFrames(), 20.0),
    "waveform": (RolledWaveforms(), 0.0),
}


def trainer(prepared: PreparedSet, width: int, **training: Any) -> Trainer:
    """Return the trainer of a run on the CPU in batches of 16."""
    run = scene_run(prepared, width, batch_size=_BATCH, **training)
    # Not `asc.fabric.make_fabric`, which keeps freed memory: steps are timed without that, too.
    return Trainer(run, prepared, Fabric(accelerator="cpu", devices=1, precision=run.training.precision))


def plain_step(width: int, channels_last: bool) -> Callable[[Tensor, Tensor], None]:
    """Return a training step as in a PyTorch tutorial: float32, eager mode."""
    network = AudioResNet(AudioResNetSettings(width=width, classes=2))
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
        ours = trainer(prepared, width)
        batch = next(ours.batches)
        what = f"training step, W={width}, {ours.run.training.precision}, {memory}"
        for channels_last, peer in ((False, "float32, channels first, eager"), (True, "float32, channels last")):
            theirs = plain_step(width, channels_last)
            step, other = partial(ours.step, batch), partial(theirs, batch.inputs, batch.labels)
            bound = 0.0 if channels_last else least.get(width, 0.0)
            rows.append(compare(what, step, peer, other, turns=7, burst=1, least=bound))
    return rows


def measure() -> list[Comparison]:
    """Measure on 10 s clips (256 x 431) in batches of 16, on all cores."""
    with tempfile.TemporaryDirectory() as folder:
        prepared = prepared_noise(Path(folder), clips=48, seconds=10.0)
        rows = measure_steps(prepared, "memory as PyTorch gets it", _LEAST)
        keep_freed_memory()  # as training does; from here on it speeds up the peer too
        rows += measure_steps(prepared, "freed memory kept", {})
        for name, (roll, least) in _ROLLS.items():
            ours = trainer(prepared, 32, augmentations=(roll, Mixup()))
            step = partial(ours.step, next(ours.batches))
            what = f"input pipeline, rolling {name}, 16 clips"
            pipeline = partial(next, ours.batches)
            rows.append(compare(what, pipeline, "training step, W=32", step, turns=7, burst=2, least=least))
    return rows


if __name__ == "__main__":
    for row in measure():
        print(row)
