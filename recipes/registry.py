"""All recipes by name, found in the modules of the papers' folders."""

from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from pathlib import Path

from common.errors import ConfigError
from recipes.command import Recipe

_NEAREST = 5


@cache
def all_recipes() -> Mapping[str, Recipe]:
    """Return every recipe of every paper, in the order of names.

    A module in a paper's folder has a recipe as `RECIPE` or several as `RECIPES`.
    """
    found: dict[str, Recipe] = {}
    for file in sorted(Path(__file__).parent.glob("*/*.py")):
        module = import_module(f"recipes.{file.parent.name}.{file.stem}")
        several = [*getattr(module, "RECIPES", ()), *filter(None, [getattr(module, "RECIPE", None)])]
        found |= {recipe.name: recipe for recipe in several}
    return dict(sorted(found.items()))


def matching(name: str) -> list[Recipe]:
    """Return the recipe of this name, or else all whose names begin so."""
    recipes = all_recipes()
    if name in recipes:
        return [recipes[name]]
    return [recipe for other, recipe in recipes.items() if other.startswith(name)]


def recipe_of(name: str) -> Recipe:
    """Return the recipe of this name, or the only one whose name begins so.

    Raises
    ------
    ConfigError
        If there is none, or more than one.

    Examples
    --------
    >>> recipe_of("koutini2021/fig03").name
    'koutini2021/fig03_width'
    """
    found = matching(name)
    if not found:
        nearest = get_close_matches(name, all_recipes(), _NEAREST, cutoff=0)
        raise ConfigError("figure", name, f"no figure has this name. The nearest names are {', '.join(nearest)}")
    if len(found) > 1:
        names = ", ".join(recipe.name for recipe in found)
        raise ConfigError("figure", name, f"several figures have names that begin so: {names}")
    return found[0]
