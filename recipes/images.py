"""Recipes on images: their options and points, and how these are described, trained and told."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import torch

from asc.description import resolve_precision
from asc.images.batches import load
from asc.images.description import ImageRun, Learning, Stack
from asc.images.stacks import stack_up
from asc.images.training import train_images
from asc.run_folder import RunFolder
from asc.training import choose_accelerator
from data_prep.images.sets import ImageSetName
from models.vision.architectures import build
from recipes.options import SharedOptions
from recipes.states import state_of, states_line
from recipes.trained import Trained


@dataclass(frozen=True, kw_only=True)
class ImageOptions(SharedOptions):
    """Options of the recipes that train on images."""

    data: Path
    """Folder of image sets, as torchvision lays them out or as they are published."""
    runs: Path
    """Folder of all runs; those that other figures trained are not trained again."""
    download: bool = False
    """Fetch image sets that are not there, where that is possible."""

    def study(self) -> "ImageStudy":
        """Return the runs on images of this folder."""
        return ImageStudy(self)


@dataclass(frozen=True, kw_only=True)
class ImagePoint:
    """One configuration of a figure: the series it is in, and its run, of whatever seed.

    The run's data may lack its identity, which is that of the set found, and its precision is the options'.
    """

    series: str
    run: ImageRun


@dataclass(frozen=True)
class ImageStudy:
    """Runs on image sets."""

    options: ImageOptions

    def describe(self, point: ImagePoint) -> list[ImageRun]:
        """Return the runs of a point, one for each seed."""
        options, run = self.options, point.run
        data = run.data
        if data.teacher is None:
            found = load(cast(ImageSetName, data.name), options.data.resolve(), download=options.download)
            data = replace(data, identity=found.identity)
        training = replace(run.training, epochs=options.epochs or run.training.epochs, precision=self._precision(run))
        return [replace(run, data=data, training=training, seed=seed) for seed in range(options.seeds)]

    def _precision(self, run: ImageRun) -> Any:
        # Bfloat16 gains nothing for perceptrons, and their papers' numbers are of 32 bit.
        if run.network.architecture == "mlp":
            return Learning.precision
        return resolve_precision(self.options.precision, choose_accelerator(self.options.accelerator))

    def jobs(self, wanted: Sequence[ImageRun]) -> Sequence[ImageRun | Stack]:
        """Return what is trained together, and what alone."""
        return stack_up(wanted)

    def trainer(self) -> Callable[[ImageRun | Stack], None]:
        """Return what trains one job."""
        options = self.options
        return partial(
            train_images,
            images=options.data.resolve(),
            runs=options.runs.resolve(),
            accelerator=choose_accelerator(options.accelerator),
        )

    def trained(self, runs_of: Mapping[ImagePoint, Sequence[RunFolder]]) -> Trained:
        """Return what a figure is drawn from."""
        names = dict.fromkeys(point.run.data.name for point in runs_of)
        return Trained(
            runs_of=runs_of,
            data=", ".join(names),
            preset=self.options.preset,
            accelerator=choose_accelerator(self.options.accelerator),
        )

    def tell(self, wanted: Sequence[ImageRun]) -> None:
        """Print each run's state and size."""
        print(f"{'run':72} {'state':8} {'parameters':>12} {'epochs':>7}")
        folders = [RunFolder.of(run, self.options.runs) for run in wanted]
        for run, folder in zip(wanted, folders, strict=True):
            with torch.device("meta"):
                network = build(run.network.architecture, **dict(run.network.size))
            parameters = sum(parameter.numel() for parameter in network.parameters())
            print(f"{folder.name:72} {state_of(folder):8} {parameters:12,} {run.epochs:7}")
        print(states_line(folders))
        print(self.options.runs)
