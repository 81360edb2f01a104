"""Recipes of figures, and the command that trains missing runs, draws and saves."""

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import MISSING, dataclass, fields
from functools import partial
from inspect import cleandoc
from pathlib import Path
from typing import Any, NoReturn

from asc.accelerator import choose_accelerator
from asc.executor import run_all
from asc.other_precision import tell_other_precision
from asc.run_folder import RunFolder
from common.command import run_command
from recipes.drawing import make_figure
from recipes.study import Study
from recipes.trained import Picture


def _nothing_to_train(_options: Any) -> str:
    return "nothing to train"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A figure or a table of a paper.

    Attributes
    ----------
    name
        `<paper>/<figure>`: the path of its files below `--out`, and of its script in `recipes/`.
    about
        The description that `--help` shows: a first line that tells what is drawn, then, after an empty line, the runs
        and what the paper found.
    options
        The dataclass of its command line: `recipes.options.FigureOptions`, or with runs `recipes.scenes.SceneOptions`
        or `recipes.images.ImageOptions`, or a subclass.
    draw
        Returns the picture, from the options and the runs (`recipes.trained.Trained`), or from the options alone where
        there are no points.
    points
        Returns, from the options, the configurations to train. None where nothing is trained.
    measure
        What `draw` computes of each finished run of the best learning rate, if that takes long; for `--dry-run`.
    tell
        Returns what `--dry-run` prints where nothing is trained.
    """

    name: str
    about: str
    options: type[Any]
    draw: Callable[..., Picture]
    points: Callable[[Any], list[Any]] | None = None
    measure: Callable[[Any, RunFolder, str], object] | None = None
    tell: Callable[[Any], str] = _nothing_to_train

    @property
    def title(self) -> str:
        """The first line of the description."""
        return self.about.strip().partition("\n")[0]

    @property
    def help(self) -> str:
        """The description and a command line with the options that have no default."""
        required = [field.name for field in fields(self.options) if field.default is MISSING]
        places = " ".join(f"--{name} {name.upper()}" for name in required)
        return f"{cleandoc(self.about)}\n\n    python -m recipes {self.name} {places}"


def run_recipe(recipe: Recipe, arguments: list[str] | None = None, program: str | None = None) -> int:
    """Run a recipe's command line and return its exit code; `program` is the name of the command in the usage text."""
    return run_command(recipe.options, partial(_make, recipe), arguments, about=recipe.help, program=program)


def run_script(recipes: Iterable[Recipe], script: str) -> NoReturn:
    """Run the command line of the recipe that a script is named after, and exit.

    Parameters
    ----------
    recipes
        Those that the script's recipe is among.
    script
        Path of the script, `recipes/<paper>/<figure>.py`.
    """
    [recipe] = [recipe for recipe in recipes if recipe.name.endswith(f"/{Path(script).stem}")]
    sys.exit(run_recipe(recipe))


def _make(recipe: Recipe, options: Any) -> None:
    if recipe.points is not None:
        _make_from_runs(recipe, recipe.points(options), options)
    elif options.dry_run:
        print(recipe.tell(options))
    else:
        make_figure(lambda: recipe.draw(options), options.out / recipe.name)


def _make_from_runs(recipe: Recipe, points: Sequence[Any], options: Any) -> None:
    study: Study = options.study()
    runs_of = {point: study.describe(point) for point in points}
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
    make_figure(lambda: recipe.draw(options, trained), options.out / recipe.name)
