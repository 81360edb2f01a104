"""Recipes on acoustic scenes: their options, and how their runs are described."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from asc.accelerator import choose_accelerator
from asc.machine import Machine
from asc.run import Run
from asc.run_folder import RunFolder
from common.errors import ConfigError
from data_prep.storage import PreparedSet
from recipes.cost import Examples
from recipes.options import AudioOptions
from recipes.points import Point, SceneChanges, describe_point
from recipes.study import Study
from recipes.trained import Trained


@dataclass(frozen=True, kw_only=True)
class SceneOptions(AudioOptions):
    """Options of recipes that train on acoustic scenes."""

    data: Path
    """Prepared set, or a folder holding one."""
    runs: Path
    """Folder of all runs; those that other figures trained are not trained again."""
    devices: int = 1
    """GPUs (or, on the CPU, processes) that share each batch of a run; runs are then trained one after another."""

    def __post_init__(self) -> None:
        """Check combinations of options."""
        super().__post_init__()
        if self.devices > 1 and self.executor == "ray":
            raise ConfigError("devices", self.devices, "1 with --executor ray, which trains a run on each GPU")

    def study(self) -> "SceneStudy":
        """Open the prepared set."""
        return SceneStudy(self, PreparedSet.open(self.data))


@dataclass(frozen=True, kw_only=True)
class TrainedScenes(Trained):
    """Runs on acoustic scenes, and the set that they are trained on."""

    prepared: PreparedSet


@dataclass(frozen=True)
class SceneStudy(Study):
    """Runs on the clips of one prepared set."""

    options: SceneOptions
    prepared: PreparedSet

    @property
    def source(self) -> PreparedSet:
        """The prepared set."""
        return self.prepared

    @property
    def folder(self) -> Path:
        """Folder of the prepared set."""
        return self.prepared.folder

    @property
    def machine(self) -> Machine:
        """Device and loader settings."""
        options = self.options
        return Machine(
            accelerator=choose_accelerator(options.accelerator),
            workers=options.workers,
            residency=options.residency,
            keep_checkpoint=options.keep_checkpoints,
            runs_per_gpu=options.runs_per_gpu if options.executor == "ray" else 1,
        )

    def describe(self, point: Point) -> list[Run]:
        """Return the runs of a point, one for each seed."""
        options = self.options
        changes = SceneChanges(
            epochs=options.epochs,
            roll=options.roll,
            devices=options.devices,
            precision=options.precision,
            accelerator=options.accelerator,
        )
        return describe_point(point, self.prepared, options.seeds, changes)

    def examples(self, run: Run) -> Examples:
        """Return the numbers of clips of a run."""
        return Examples.of(run, self.prepared)

    def trained(self, runs_of: Mapping[Point, Sequence[RunFolder]]) -> TrainedScenes:
        """Return the run folders that a figure is drawn from."""
        split = self.prepared.split_defaults
        return TrainedScenes(
            runs_of=runs_of,
            data=f"{self.prepared.folder.name}, split {split.rule}, trained on {', '.join(split.train_devices)}",
            preset=self.options.preset,
            accelerator=self.machine.accelerator,
            prepared=self.prepared,
        )
