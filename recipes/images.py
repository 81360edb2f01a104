"""Recipes on images: their options and points, and how these are described, trained and told."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

from asc.description import resolve_precision
from asc.images.batches import load, open_set
from asc.images.description import ImageRun, Learning, Stack
from asc.images.stacks import stack_up
from asc.images.training import train_images
from asc.run_folder import RunFolder
from asc.training import choose_accelerator
from data_prep.images.sets import ImageSetName
from recipes.figure_times import seconds_of_drawing, seconds_of_measuring, seconds_so_far
from recipes.image_cost import Examples, image_cost
from recipes.image_times import ImageTimes
from recipes.options import SharedOptions
from recipes.states import tell_runs
from recipes.trained import Measure, Trained


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


def _lasting(learning: Learning, epochs: int | None) -> Learning:
    """Return a training of so many epochs, if any are given, whose rate falls at the same shares of it."""
    if epochs is None:
        return learning
    milestones = tuple(round(milestone * epochs / learning.epochs) for milestone in learning.milestones)
    return replace(learning, epochs=epochs, milestones=milestones)


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
        training = replace(_lasting(run.training, options.epochs), precision=self._precision(run))
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

    def tell(self, wanted: Sequence[ImageRun], measure: Measure | None) -> None:
        """Print each run's state and size, and what is left to do."""
        others = {"to start": seconds_so_far()}
        options, sets = self.options, dict.fromkeys(run.data for run in wanted)
        images, accelerator = options.data.resolve(), choose_accelerator(options.accelerator)
        examples = {data: Examples.of(data, open_set(data, images)) for data in sets}
        folders = [RunFolder.of(run, options.runs) for run in wanted]
        missing = [run for run, folder in zip(wanted, folders, strict=True) if not folder.done]
        times = ImageTimes(examples, images, accelerator).of(missing)
        if missing and measure:
            others["to measure units"] = seconds_of_measuring(missing, examples, measure, images, accelerator)
        others["to draw"] = seconds_of_drawing() if missing else 0.0
        how = (
            "operations counted, pruning before training included, at the pace of a few steps of each network here, or "
            "of a smaller one of its kind; what comes beside steps from short runs"
        )
        if any(run.training.patience for run in missing):
            how += "; less where runs stop early"
        costs = [image_cost(run, examples[run.data]) for run in wanted]
        tell_runs(folders, costs, [times.get(run) for run in wanted], others, how)
        print(options.runs)
