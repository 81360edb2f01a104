"""A recipe is a list of runs and a plot; what becomes of any: describe, train what is missing, draw, save."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from asc.executor import run_all
from asc.other_precision import tell_other_precision
from asc.run_folder import Described, RunFolder
from asc.training import choose_accelerator
from common.command import run_command
from evaluation.style import house_style
from recipes.drawing import save_figure
from recipes.trained import Measure, Picture, Trained


class Study(Protocol):
    """What kind of runs a recipe asks for: on acoustic scenes (`recipes.scenes`) or on images (`recipes.images`)."""

    def describe(self, point: Any) -> Sequence[Described]:
        """Return the runs of a point, one for each seed."""

    def jobs(self, wanted: Sequence[Any]) -> Sequence[Described]:
        """Return what is to be trained so that the wanted runs, each once, are there in the end."""

    def trainer(self) -> Callable[[Any], object]:
        """Return what brings one job to its end; on Ray it is sent to the workers."""

    def tell(self, wanted: Sequence[Any], measure: Measure | None) -> None:
        """Print each run's state and cost, and what is left to do, `measure` of the finished runs included."""

    def trained(self, runs_of: Mapping[Any, Sequence[RunFolder]]) -> Trained:
        """Return what a figure is drawn from."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A figure.

    Attributes
    ----------
    name
        `<paper>/<figure>`, where its files stand below `--out`.
    options
        Its command line: `recipes.scenes.SceneOptions` or `recipes.images.ImageOptions`, and what it scales.
    points
        From options to the configurations it needs.
    draw
        From options and their runs to the plot and its numbers.
    measure
        What `draw` computes of each finished run of the best learning rate, if that takes long; for `--dry-run`.
    """

    name: str
    options: type[Any]
    points: Callable[[Any], list[Any]]
    draw: Callable[[Any, Any], Picture]
    measure: Callable[[Any, RunFolder, str], object] | None = None


def run_recipe(recipe: Recipe, arguments: list[str] | None = None) -> int:
    """Run a recipe's command line and return its exit code."""
    return run_command(recipe.options, partial(_make, recipe), arguments)


def _make(recipe: Recipe, options: Any) -> None:
    study: Study = options.study()
    runs_of = {point: study.describe(point) for point in recipe.points(options)}
    # Series share runs; each is wanted once.
    wanted = list({RunFolder.of(run, options.runs).path: run for runs in runs_of.values() for run in runs}.values())
    if options.precision == "auto":
        tell_other_precision(wanted, options.runs)
    if options.dry_run:
        study.tell(wanted, partial(recipe.measure, options) if recipe.measure else None)
        return
    if not options.plot_only:
        run_all(
            study.jobs(wanted),
            study.trainer(),
            options.runs,
            executor=options.executor,
            accelerator=choose_accelerator(options.accelerator),
            ray_address=options.ray_address,
            runs_per_gpu=options.runs_per_gpu,
            cpus_per_run=options.cpus_per_run,
        )
    trained = study.trained(
        {point: [RunFolder.of(run, options.runs) for run in runs] for point, runs in runs_of.items()}
    )
    with house_style():
        paths = save_figure(recipe.draw(options, trained), options.out / recipe.name)
    for path in paths:
        print(path)
    print(paths[0].parent)
