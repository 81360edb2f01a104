"""Figures 1 and 17: one network scaled in four ways, against its number of parameters."""

from dataclasses import dataclass

from recipes.accuracies import accuracy_lines
from recipes.command import Recipe
from recipes.comparisons import largest_with_smallest, width_with_depth
from recipes.koutini2021.grids import scaled
from recipes.scenes import SceneOptions

QUESTIONS = {"width with depth, equal parameters": width_with_depth, "largest with smallest": largest_with_smallest}


@dataclass(frozen=True, kw_only=True)
class Options(SceneOptions):
    """Draw accuracy against the number of parameters, scaled in four ways."""

    widths: tuple[int, ...] = ()
    """Widths W of the width series (default: the preset's)."""


def scaling_recipe(name: str, *, damped: bool) -> Recipe:
    """Return the recipe of the damped or of the base network."""
    return Recipe(
        name=name,
        options=Options,
        points=lambda options: scaled(options.preset, options.widths, damped=damped),
        draw=lambda _, trained: accuracy_lines(
            trained, x="parameters", label="parameters", questions=QUESTIONS, logarithmic=True
        ),
    )
