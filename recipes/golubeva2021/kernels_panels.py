"""Where the published kernel distance holds, where it does not, and what replaces it: four figures."""

from collections.abc import Callable
from functools import partial

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evaluation.style import GREY, PALE, mark
from recipes.golubeva2021.distance_panels import draw_distances, logarithmic, name_lines
from recipes.trained import Picture

TITLES: dict[str, str] = {
    "gaussian": "independent Gaussian inputs",
    "per_thousand": "digits, normalised per 1,000",
    "training_set": "digits, normalised by 60,000",
}
TOLERANCE = 0.15


def _two_panels() -> tuple[Figure, Axes, Axes]:
    figure = Figure(figsize=(7.2, 3.3), layout="constrained")
    left, right = figure.subplots(1, 2)
    return figure, left, right


def draw_inputs(inputs: str, table: pd.DataFrame, footer: str) -> Picture:
    """Draw the distance on one kind of inputs, and the squared bias that is part of it."""
    rows = table[table["inputs"] == inputs].dropna(axis="columns")
    figure, left, right = _two_panels()
    draw_distances(left, rows)
    draw_distances(right, rows[rows["density"] < 1], "bias_")
    left.set_title(TITLES[inputs])
    right.set_title("squared bias alone")
    left.set_ylabel("mean squared kernel distance")
    name_lines(figure, left)
    return Picture(figure, rows, footer)


def draw_range(table: pd.DataFrame, footer: str) -> Picture:
    """Draw by density how many times too large the second order and equation (6) are, on every kind of inputs."""
    figure, left, right = _two_panels()
    for axes, formula, title in ((left, "second_order", "second order"), (right, "published", "equation (6)")):
        axes.axhspan(1 - TOLERANCE, 1 + TOLERANCE, color=PALE)
        axes.axhline(1, color=GREY, linewidth=0.8)
        for position, (inputs, rows) in enumerate(table.groupby("inputs", sort=False)):
            style = {**mark(position), "markersize": 4, "linewidth": 1}
            axes.plot(rows["density"], rows[formula] / rows["theorem"], label=TITLES[str(inputs)], **style)
        axes.set(title=title, xlabel="density", xscale="log")
        axes.xaxis.set_major_formatter("{x:g}")
        logarithmic(axes, 0.3, 300)
    left.set_ylabel("formula / Theorem 1")
    name_lines(figure, left)
    return Picture(figure, table, f"{footer}; shaded: within {TOLERANCE:.0%}")


def draw_diagonal(table: pd.DataFrame, footer: str) -> Picture:
    """Draw the distance of inputs with themselves, for Gaussian inputs and for digits."""
    figure, left, right = _two_panels()
    for axes, inputs in ((left, "gaussian"), (right, "per_thousand")):
        draw_distances(axes, table[table["inputs"] == inputs], "diagonal_")
        axes.set_title(TITLES[inputs])
    left.set_ylabel("mean squared kernel distance")
    name_lines(figure, left)
    columns = table.columns[table.columns.str.contains("^inputs$|^width$|^density$|^diagonal_")]
    return Picture(figure, table[columns], f"{footer}; inputs paired with themselves")


FIGURES: dict[str, Callable[[pd.DataFrame, str], Picture]] = {
    "kernels_gaussian": partial(draw_inputs, "gaussian"),
    "kernels_digits": partial(draw_inputs, "per_thousand"),
    "kernels_range": draw_range,
    "kernels_diagonal": draw_diagonal,
}
