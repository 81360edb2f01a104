"""Checks of image runs: a residual network on noise, and a stack of perceptrons on data of a teacher network."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

from asc.accelerator import set_up
from asc.images.batches import ImageBatches, open_set
from asc.images.description import ImageData, ImageNetwork, ImageRun, ImageWeights, Learning, Stack
from asc.images.networks import build_network
from asc.images.training import Job, Member, train_images
from asc.run_folder import RunFolder
from benchmarks.gpu import Bench
from benchmarks.gpu.parts import Part
from common.errors import RunError
from data_prep.images.sets import LabelledSet
from data_prep.images.sets import Part as Examples
from data_prep.teacher import TeacherSettings

_CLASSES, _EPOCHS = 10, 2


def _noise(images: int) -> LabelledSet:
    generator = np.random.default_rng(0)
    train, test = (
        Examples(generator.integers(0, 256, (images, 3, 32, 32)).astype(np.uint8), np.arange(images) % _CLASSES)
        for _ in range(2)
    )
    return LabelledSet.of("noise", tuple(map(str, range(_CLASSES))), train, test)


def _residual(bench: Bench) -> str:
    """Train a residual network without interruption and from a checkpoint; the final weights must be identical."""
    set_up(bench.device)
    data = _noise(bench.size.images)
    run = ImageRun(
        preset="gpu",
        data=ImageData(name=data.name, identity=data.identity),
        network=ImageNetwork.of("resnet18", width=max(bench.size.width, 8), classes=_CLASSES),
        weights=ImageWeights(),
        training=Learning(epochs=_EPOCHS, batch_size=2 * bench.size.batch, precision="bf16-mixed"),
    )
    batches = ImageBatches(run, data, torch.device(bench.device))

    def job(name: str) -> Job:
        home = RunFolder.of(run, bench.folder / name)
        return Job(home, [Member(run, home, build_network(run, batches.scoring(run)).to(batches.device))], batches)

    whole, stopped = job("whole"), job("continued")
    for _ in range(_EPOCHS):
        whole.train_epoch()
    stopped.train_epoch()
    stopped.save()
    continued = job("continued")
    continued.train_epoch()
    ours, theirs = (one.members[0].network.state_dict() for one in (whole, continued))
    gap = max(float((tensor.double() - theirs[name].double()).abs().max()) for name, tensor in ours.items())
    if gap != 0:
        raise RunError(f"continued from a checkpoint, the weights differ by up to {gap:.1e}")
    return f"{_EPOCHS} epochs; continued from a checkpoint, the weights differ by 0"


def _stack(bench: Bench) -> str:
    """Train two perceptrons as one stack."""
    teacher = TeacherSettings(train=bench.size.images, validation=bench.size.images, test=bench.size.images)
    first = ImageData(name="teacher", identity="", teacher=teacher, normalisation="none")
    data = replace(first, identity=open_set(first, Path()).identity)
    runs = tuple(
        ImageRun(
            preset="gpu",
            data=data,
            network=ImageNetwork.of("mlp", width=width, classes=2, inputs=teacher.inputs),
            weights=ImageWeights(),
            training=Learning(epochs=_EPOCHS, batch_size=bench.size.batch),
        )
        for width in (16, 32)
    )
    train_images(Stack(runs), bench.folder, bench.folder / "stack", bench.device)
    unfinished = [run.title for run in runs if not RunFolder.of(run, bench.folder / "stack").done]
    if unfinished:
        raise RunError(f"{', '.join(unfinished)} did not end")
    return f"{len(runs)} perceptrons, {_EPOCHS} epochs"


def parts(bench: Bench) -> list[Part]:
    """Return a part for each kind of run."""
    return [
        Part(name="images: residual network, bfloat16", run=partial(_residual, bench)),
        Part(name="images: stack of perceptrons", run=partial(_stack, bench)),
    ]
