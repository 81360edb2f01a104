"""Checks of image runs: a residual network on noise, and a stack of perceptrons on data of a teacher network."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from asc.checkpoint import read_checkpoint
from asc.fabric import make_fabric
from asc.images.task import ImageTask, open_set
from asc.job import Job
from asc.machine import Machine
from asc.members import Member
from asc.networks import build_network
from asc.presets import image_training
from asc.run import ImageData, Run, Stack
from asc.run_folder import RunFolder
from asc.training import train
from benchmarks.gpu import Bench
from benchmarks.gpu.parts import Part
from benchmarks.gpu.stopping import stopped_at_first_checkpoint
from common.errors import RunError
from data_prep.images.sets import LabelledSet
from data_prep.images.sets import Part as Examples
from data_prep.images.teacher import TeacherSettings
from models.registry import network_settings

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
    data, machine = _noise(bench.size.images), Machine(accelerator=bench.device)
    run = Run(
        preset="gpu",
        data=ImageData(name=data.name, identity=data.identity),
        network=network_settings("resnet18", width=max(bench.size.width, 8), classes=_CLASSES),
        training=image_training(epochs=_EPOCHS, batch_size=2 * bench.size.batch, precision="bf16-mixed"),
    )
    fabric = make_fabric(bench.device, run.training.precision)
    task = ImageTask(run, data, fabric.device)

    def job(name: str, *, continued: bool = False) -> Job:
        home = RunFolder.of(run, bench.folder / name)
        saved = read_checkpoint(home.checkpoint_file) if continued else None
        return Job(home, [Member(run, home, build_network(run))], task, fabric, saved)

    whole = job("whole")
    whole.train(machine)
    with stopped_at_first_checkpoint():
        job("continued").train(machine)
    continued = job("continued", continued=True)
    if continued.epoch != 1:
        raise RunError(f"{continued.home.path} was not stopped after its first epoch")
    continued.train(machine)
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
        Run(
            preset="gpu",
            data=data,
            network=network_settings("mlp", width=width, classes=2, inputs=teacher.inputs),
            training=image_training(epochs=_EPOCHS, batch_size=bench.size.batch),
        )
        for width in (16, 32)
    )
    train(Stack(runs), bench.folder, bench.folder / "stack", Machine(accelerator=bench.device))
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
