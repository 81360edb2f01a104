"""A recipe is a list of runs and a plot; what all of them share is here: options, training, collecting, saving."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Literal

from asc.description import RunDescription
from asc.executor import run_all
from asc.run_folder import RunFolder
from asc.training import Machine, choose_accelerator
from common.command import run_command
from common.errors import ConfigError
from data_prep.storage import PreparedSet
from evaluation.style import house_style
from recipes.cost import SetSize, macs_per_second, run_cost
from recipes.drawing import save_figure
from recipes.points import Point, Preset, describe_point
from recipes.trained import Picture, Trained


@dataclass(frozen=True, kw_only=True)
class SharedOptions:
    """Options that every recipe takes, `--data` and `--runs` beside; one that trains nothing has no use for most."""

    out: Path
    """Folder of figures; this one's stand below it, in its paper's folder."""
    preset: Preset = "demo"
    """`paper`: the published sizes and hyper-parameters; `demo`: a few sizes, minutes on two cores."""
    seeds: int = 3
    """Runs of each configuration, of seeds 0, 1, ..."""
    epochs: int | None = None
    """Epochs of every run (default: the preset's)."""
    roll: Literal["waveform", "frames", "none"] | None = None
    """What is rolled along time (default: the preset's)."""
    precision: Literal["auto", "32-true", "bf16-mixed"] = "auto"
    """bfloat16 where the hardware multiplies it natively, else 32 bit."""
    accelerator: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to train."""
    executor: Literal["local", "ray"] = "local"
    """Train one run after another in this process, or many at once on a Ray cluster."""
    ray_address: str | None = None
    """Address of a running Ray cluster; without it Ray starts one on this machine."""
    runs_per_gpu: int = 1
    """Runs that share a GPU, with Ray."""
    cpus_per_run: int = 1
    """Cores of each run, with Ray."""
    keep_checkpoints: bool = False
    """Keep the last checkpoint of each finished run beside its final weights."""
    dry_run: bool = False
    """Say which runs exist, are partial or missing, and what the missing ones cost; train nothing."""
    plot_only: bool = False
    """Draw what is finished; train nothing."""

    def __post_init__(self) -> None:
        """Check the number of seeds."""
        if self.seeds < 1:
            raise ConfigError("seeds", self.seeds, "at least 1")


@dataclass(frozen=True, kw_only=True)
class RecipeOptions(SharedOptions):
    """Options of the recipes that train."""

    data: Path
    """Prepared set, or a folder holding one."""
    runs: Path
    """Folder of all runs; those that other figures trained are not trained again."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A figure.

    Attributes
    ----------
    name
        `<paper>/<figure>`, where its files stand below `--out`.
    options
        Its command line, RecipeOptions and what it scales.
    points
        From options to the configurations it needs.
    draw
        From options and their runs to the plot and its numbers.
    """

    name: str
    options: type[Any]
    points: Callable[[Any], list[Point]]
    draw: Callable[[Any, Trained], Picture]


def run_recipe(recipe: Recipe, arguments: list[str] | None = None) -> int:
    """Run a recipe's command line and return its exit code."""
    return run_command(recipe.options, partial(_make, recipe), arguments)


def _make(recipe: Recipe, options: RecipeOptions) -> None:
    prepared = PreparedSet.open(options.data)
    accelerator = choose_accelerator(options.accelerator)
    training = {"epochs": options.epochs, "roll": options.roll}
    places = {"precision": options.precision, "accelerator": options.accelerator}
    runs_of = {
        point: describe_point(point, prepared, options.preset, options.seeds, **training, **places)
        for point in recipe.points(options)
    }
    # Series share runs; each is wanted once.
    wanted = {RunFolder.of(run, options.runs).path: run for runs in runs_of.values() for run in runs}
    if options.dry_run:
        _tell(list(wanted.values()), prepared, options)
        return
    if not options.plot_only:
        run_all(
            list(wanted.values()),
            prepared.folder,
            options.runs,
            executor=options.executor,
            machine=Machine(accelerator=accelerator, keep_checkpoint=options.keep_checkpoints),
            ray_address=options.ray_address,
            runs_per_gpu=options.runs_per_gpu,
            cpus_per_run=options.cpus_per_run,
        )
    folders = {point: [RunFolder.of(run, options.runs) for run in runs] for point, runs in runs_of.items()}
    trained = Trained(runs_of=folders, prepared=prepared, preset=options.preset, accelerator=accelerator)
    with house_style():
        paths = save_figure(recipe.draw(options, trained), options.out / recipe.name)
    for path in paths:
        print(path)
    print(paths[0].parent)


def state_of(folder: RunFolder) -> str:
    """Return whether a run exists, stopped half-way, or is missing."""
    return "done" if folder.done else "partial" if folder.checkpoint_file.is_file() else "missing"


def _tell(descriptions: Sequence[RunDescription], prepared: PreparedSet, options: RecipeOptions) -> None:
    """Print each run's state and size, and what is left to do."""
    speed = macs_per_second(descriptions, prepared, choose_accelerator(options.accelerator))
    total, disk, states = 0.0, 0, {"done": 0, "partial": 0, "missing": 0}
    size = SetSize.of(prepared, descriptions[0])
    costs = {run.identity: run_cost(run, size) for run in {run.identity: run for run in descriptions}.values()}
    print(f"{'run':60} {'state':8} {'parameters':>12} {'10^12 MAC':>10} {'time here':>18}")
    for run in descriptions:
        folder, cost = RunFolder.of(run, options.runs), costs[run.identity]
        state = state_of(folder)
        states[state] += 1
        seconds = cost.macs / speed
        total += seconds if state != "done" else 0.0
        disk += cost.weight_bytes
        name = f"{folder.path.parent.name}/{folder.path.name}"
        time_here = str(timedelta(seconds=round(seconds)))
        print(f"{name:60} {state:8} {cost.parameters:12,} {cost.macs / 1e12:10.1f} {time_here:>18}")
    counted = ", ".join(f"{count} {state}" for state, count in states.items())
    print(f"{len(descriptions)} runs: {counted}")
    print(
        f"time left on this machine, one run after another: about {timedelta(seconds=round(total))} "
        f"(from operations counted, at the {speed / 1e9:.0f} GMAC/s that a network of width 32 reaches here)"
    )
    print(f"final weights of all runs: {disk / 1e6:.0f} MB on disk")
    print(options.runs)
