"""Figures B4 and B5: one picture on data of two dimensions."""

from dataclasses import dataclass

from recipes.casper2021.measuring import measure_units
from recipes.casper2021.students import StudentOptions, by_sigma
from recipes.casper2021.unit_figures import unit_figure
from recipes.command import Recipe


@dataclass(frozen=True, kw_only=True)
class SigmaOptions(StudentOptions):
    """Draw accuracy, removability and similarity of perceptrons against size, by the deviation of initial weights."""

    sigmas: tuple[float, ...] = ()
    """Deviations σ of the weights (default: the preset's)."""


def sigma_recipe(name: str, inputs: int) -> Recipe:
    """Return the figure on data of `inputs` dimensions."""
    return Recipe(
        name=name,
        options=SigmaOptions,
        points=lambda options: by_sigma(inputs, options, options.sigmas),
        measure=measure_units,
        draw=unit_figure,
    )
