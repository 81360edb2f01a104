"""`python -m recipes`: list the figures of all papers, or make one of them."""

import sys
from dataclasses import dataclass
from functools import partial
from typing import Annotated

import tyro

from common.command import run_command
from recipes.command import run_recipe
from recipes.registry import matching, recipe_of


@dataclass(frozen=True, kw_only=True)
class RecipesOptions:
    """List the figures of all papers, or make one: `python -m recipes <paper>/<figure> [options]`.

    The options of a figure are shown by `python -m recipes <paper>/<figure> --help`.
    """

    figure: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="FIGURE")] = ""
    """Name of a figure, or a beginning that it shares with no other. If several names begin so they are listed."""


def _list(more: list[str], options: RecipesOptions) -> None:
    found = matching(options.figure)
    if more or not found:
        found = [recipe_of(options.figure)]
    width = max(len(recipe.name) for recipe in found)
    for recipe in found:
        print(f"{recipe.name:{width}}  {recipe.title}")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if not arguments or arguments[0].startswith("-"):
        return run_command(RecipesOptions, partial(_list, []), arguments)
    figure, *more = arguments
    found = matching(figure)
    if len(found) == 1:
        return run_recipe(found[0], more, f"python -m recipes {found[0].name}")
    return run_command(RecipesOptions, partial(_list, more), [figure])


if __name__ == "__main__":
    sys.exit(main())
