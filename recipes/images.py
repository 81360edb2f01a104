"""Recipes on images: their options, and how their runs are described."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from asc.describe import completed
from asc.images.task import image_data, load, open_set
from asc.run import Run
from asc.run_folder import RunFolder
from data_prep.images.sets import ImageSetName
from models.vision.mlp import MlpSettings
from recipes.cost import Examples
from recipes.options import SharedOptions
from recipes.points import Point, lasting
from recipes.study import Study
from recipes.trained import Trained


@dataclass(frozen=True, kw_only=True)
class ImageOptions(SharedOptions):
    """Options of recipes that train on images."""

    data: Path
    """Folder of image sets, as torchvision lays them out or as they are published."""
    runs: Path
    """Folder of all runs; those that other figures trained are not trained again."""
    download: bool = False
    """Fetch image sets that are not there, where that is possible."""

    def study(self) -> "ImageStudy":
        """Return the runs on images of this folder."""
        return ImageStudy(self)


@dataclass(frozen=True)
class ImageStudy(Study):
    """Runs on image sets."""

    options: ImageOptions

    @property
    def source(self) -> Path:
        """Folder of image sets."""
        return self.options.data.resolve()

    @property
    def folder(self) -> Path:
        """Folder of image sets."""
        return self.source

    def describe(self, point: Point) -> list[Run]:
        """Return the runs of a point, one for each seed."""
        options, run, data = self.options, point.run, image_data(point.run)
        if data.teacher is None:
            found = load(cast(ImageSetName, data.name), self.source, download=options.download)
            data = replace(data, identity=found.identity)
        described = replace(run, data=data, training=lasting(run.training, options.epochs))
        # Bfloat16 gains nothing for perceptrons, and their papers' numbers are of 32 bit.
        precision = "32-true" if isinstance(run.network, MlpSettings) else options.precision
        described = completed(described, precision, options.accelerator)
        return [replace(described, seed=seed) for seed in range(options.seeds)]

    def examples(self, run: Run) -> Examples:
        """Return the numbers of examples of a run."""
        return Examples.of(run, open_set(image_data(run), self.source))

    def trained(self, runs_of: Mapping[Point, Sequence[RunFolder]]) -> Trained:
        """Return the run folders that a figure is drawn from."""
        names = dict.fromkeys(point.run.data.name for point in runs_of)
        return Trained(
            runs_of=runs_of,
            data=", ".join(names),
            preset=self.options.preset,
            accelerator=self.machine.accelerator,
        )
