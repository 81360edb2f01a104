"""Recipes on acoustic scenes: their options, and how their points are described, trained and told."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from asc.data import Sides
from asc.description import RunDescription
from asc.run_folder import RunFolder
from asc.shared_run import train_alone_or_shared
from asc.training import Machine, choose_accelerator
from common.errors import ConfigError
from data_prep.storage import PreparedSet
from recipes.cost import SetSize, run_cost
from recipes.figure_times import seconds_of_drawing, seconds_so_far
from recipes.options import AudioOptions
from recipes.points import Point, describe_point
from recipes.scene_times import SceneTimes
from recipes.states import tell_runs
from recipes.trained import Measure, Trained


@dataclass(frozen=True, kw_only=True)
class SceneOptions(AudioOptions):
    """Options of the recipes that train on acoustic scenes."""

    data: Path
    """Prepared set, or a folder holding one."""
    runs: Path
    """Folder of all runs; those that other figures trained are not trained again."""
    devices: int = 1
    """GPUs (or, on the CPU, processes) that share each batch of a run; runs are then trained one after another."""

    def __post_init__(self) -> None:
        """Check what goes together."""
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
class SceneStudy:
    """Runs on the clips of one prepared set."""

    options: SceneOptions
    prepared: PreparedSet

    def describe(self, point: Point) -> list[RunDescription]:
        """Return the runs of a point, one for each seed."""
        options = self.options
        training = {"epochs": options.epochs, "roll": options.roll, "devices": options.devices}
        places = {"precision": options.precision, "accelerator": options.accelerator}
        return describe_point(point, self.prepared, options.preset, options.seeds, **training, **places)

    def jobs(self, wanted: Sequence[RunDescription]) -> Sequence[RunDescription]:
        """Return the runs: each is trained alone."""
        return wanted

    def trainer(self) -> Callable[[RunDescription], None]:
        """Return what trains one run; it opens the set anew, wherever it is called."""
        accelerator = choose_accelerator(self.options.accelerator)
        shared = self.options.runs_per_gpu if self.options.executor == "ray" else 1
        machine = Machine(
            accelerator=accelerator,
            workers=self.options.workers,
            residency=self.options.residency,
            keep_checkpoint=self.options.keep_checkpoints,
            runs_per_gpu=shared,
        )
        data, runs = self.prepared.folder.resolve(), self.options.runs.resolve()
        return partial(train_alone_or_shared, data=data, runs=runs, machine=machine)

    def trained(self, runs_of: Mapping[Point, Sequence[RunFolder]]) -> TrainedScenes:
        """Return what a figure is drawn from."""
        split = self.prepared.split_defaults
        return TrainedScenes(
            runs_of=runs_of,
            data=f"{self.prepared.folder.name}, split {split.rule}, trained on {', '.join(split.train_devices)}",
            preset=self.options.preset,
            accelerator=choose_accelerator(self.options.accelerator),
            prepared=self.prepared,
        )

    def tell(self, wanted: Sequence[RunDescription], measure: Measure | None) -> None:
        """Print each run's state and size, and what is left to do."""
        others = {"to start": seconds_so_far()}
        size, different = SetSize.of(self.prepared, wanted[0]), {run.identity: run for run in wanted}
        costs = {identity: run_cost(run, size) for identity, run in different.items()}
        folders = [RunFolder.of(run, self.options.runs) for run in wanted]
        missing = {run.identity for run, folder in zip(wanted, folders, strict=True) if not folder.done}
        times = SceneTimes(
            self.prepared,
            Sides.of(self.prepared, wanted[0]),
            {run.network: costs[identity].macs_of_clip for identity, run in different.items()},
            choose_accelerator(self.options.accelerator),
        ).of([different[identity] for identity in missing])
        others["to draw"] = seconds_of_drawing() if missing else 0.0
        tell_runs(
            folders,
            [costs[run.identity] for run in wanted],
            [times.get(run.identity) for run in wanted],
            others,
            "by steps and tests of each network, or of a smaller one of its kind, and short runs, timed here just now",
        )
        print(self.options.runs)
