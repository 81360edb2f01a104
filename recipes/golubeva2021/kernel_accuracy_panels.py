"""Panels of Figure 7: accuracy of dense and sparse networks by width, and distance of their kernels from the limit."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evaluation.style import COLOURS
from recipes.golubeva2021.distance_panels import draw_distances, logarithmic, name_lines, width_axis
from recipes.trained import Picture

TITLES = {
    "per_thousand": "normalised per 1,000 test digits",
    "training_set": "normalised by 60,000 training digits",
    "training_sample": "normalised by 2,048 training digits",
}
_SERIES = (("dense", COLOURS[0], "o"), ("sparse", COLOURS[1], "x"))
_PINK = COLOURS[3]
_ROOM = 5  # below the lowest accuracy of a dense network, in points


def draw_accuracies(axes: Axes, best: pd.DataFrame) -> None:
    """Draw Figure 7(a): test accuracy by width, dense as dots, sparse as crosses."""
    bottom = 100 * best.loc[best["series"] == "dense", "accuracy"].min() - _ROOM
    shown = best[100 * best["accuracy"] >= bottom]
    for series, colour, marker in _SERIES:
        line = shown[shown["series"] == series]
        style: dict[str, Any] = {"color": colour, "marker": marker, "markersize": 5, "linewidth": 1, "capsize": 2.5}
        axes.errorbar(line["width"], 100 * line["accuracy"], 100 * line["accuracy_sd"].fillna(0), label=series, **style)
    for _, row in best.drop(shown.index).iterrows():  # such as a network that two weights cannot teach
        beyond = f"{row['series']},\n{100 * row['accuracy']:.0f} % ↓"
        axes.annotate(beyond, (row["width"], bottom), ha="center", va="bottom", fontsize=7)
    axes.set(title="trained networks", ylabel="test accuracy, %", ylim=(bottom, None))
    axes.legend(loc="lower center")
    width_axis(axes)


def draw_error(axes: Axes, best: pd.DataFrame) -> None:
    """Draw the sparse networks' test error on a second axis at the right."""
    line = best[best["series"] == "sparse"]
    right = axes.twinx()
    right.spines["right"].set(visible=True, color=_PINK)
    style: dict[str, Any] = {"color": _PINK, "marker": "s", "markersize": 4, "linewidth": 1, "capsize": 2.5}
    error = 100 - 100 * line["accuracy"]
    right.errorbar(line["width"], error, 100 * line["accuracy_sd"].fillna(0), **style)
    logarithmic(right, 0.7 * error.min(), 1.3 * error.max())
    right.set_ylabel("test error of sparse networks, %", color=_PINK)
    right.tick_params(axis="y", which="both", colors=_PINK)


def draw(distances: pd.DataFrame, best: pd.DataFrame | None, footer: str) -> Picture:
    """Draw Figure 7: (a) accuracy, if it is given, and (b) a panel for each normalisation.

    Parameters
    ----------
    distances
        Columns normalisation, width, and what `draw_distances` draws.
    best
        Columns series (dense, sparse), width, learning_rate, accuracy (a fraction), accuracy_sd and seeds.
    footer
        Where the numbers come from.
    """
    groups = list(distances.groupby("normalisation", sort=False))
    count = len(groups) + (best is not None)
    figure = Figure(figsize=(3.6 * count, 3.3), layout="constrained")
    axes = list(np.atleast_1d(figure.subplots(1, count)))
    panels = axes[-len(groups) :]
    for panel, (normalisation, rows) in zip(panels, groups, strict=True):
        draw_distances(panel, rows)
        panel.set_title(TITLES[str(normalisation)])
    panels[0].set_ylabel("mean squared kernel distance")
    name_lines(figure, panels[0])
    table = distances
    if best is not None:
        draw_accuracies(axes[0], best)
        draw_error(panels[0], best)
        for series, rows in best.groupby("series"):
            columns = rows.drop(columns="series").set_index("width").add_prefix(f"{series}_")
            table = table.merge(columns, left_on="width", right_index=True, how="left")
    lows, highs = zip(*(panel.get_ylim() for panel in panels), strict=True)
    for panel in panels:
        logarithmic(panel, min(lows), max(highs))
    return Picture(figure, table, footer)
