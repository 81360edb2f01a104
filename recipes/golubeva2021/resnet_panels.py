"""Accuracies of the ResNet-18s of Golubeva 2021 as a table, and panels with the paper's markers."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator

from evaluation.style import mark
from models.counts import network_counts
from recipes.golubeva2021.resnets import Method
from recipes.image_scores import score_table
from recipes.trained import Picture, Trained

TITLES = {"imagenet": "ImageNet", "cifar10": "CIFAR-10", "cifar100": "CIFAR-100", "svhn": "SVHN"}
BARS = "bars: standard deviation over seeds"
CIRCLE: Mapping[str, Any] = {"marker": "o", "markersize": 4.5}
CROSS: Mapping[str, Any] = {"marker": "x", "markersize": 5, "markeredgewidth": 1.5}
_LABELS = {"mean": "best test accuracy, %", "train_accuracy": "training accuracy, %"}
_READINGS = {"mean": "best of all epochs", "train_accuracy": "last epoch, training images as they are"}
_PANEL, _COLUMNS, _LEGEND = (2.9, 2.5), 4, 2.2  # sizes in inches
_FEW = 5


def resnet_table(trained: Trained) -> pd.DataFrame:
    """Return one row per point that has a finished run.

    Columns of `recipes.image_scores.score_table`, mean and sd being of the best test accuracy of all epochs, which is
    what the paper reports; test_accuracy, that of the last epoch; train_accuracy of the last epoch, on the training
    images as they are; method and base_width; weights that are trained, without batch norms and biases; and
    connectivity, their share of those of the same network if it is dense.
    """
    table = score_table(trained, ("best_test_accuracy", "test_accuracy", "train_accuracy"))
    counts = [network_counts(point.run.network) for point in trained.points]
    weights = table["parameters"] - [count.others for count in counts]
    return table.assign(
        method=[point.method for point in trained.points],
        base_width=[point.base_width for point in trained.points],
        weights=weights,
        connectivity=weights / [count.weights for count in counts],
    )


def make_panels(titles: Sequence[str], columns: int = _COLUMNS) -> tuple[Figure, list[Axes]]:
    """Return a figure with a panel for each title, row by row."""
    columns = min(len(titles), columns)
    rows = -(-len(titles) // columns)
    width, height = _PANEL
    figure = Figure(figsize=(max(width * columns, 4.4), height * rows + 0.4), layout="constrained")
    several = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes, title in zip(several, titles, strict=False):
        axes.set_title(title)
    for axes in several[len(titles) :]:
        axes.remove()
    return figure, several[: len(titles)]


def colours_of(table: pd.DataFrame) -> dict[int, str]:
    """Return a colour for each base width, the same in all panels of a figure."""
    return {int(base): mark(position)["color"] for position, base in enumerate(dict.fromkeys(table["base_width"]))}


def name_colours(figure: Figure, table: pd.DataFrame, more: Sequence[Line2D] = ()) -> None:
    """Draw a legend above the panels: number of weights of each colour on the first image set, and `more`."""
    colours, weights = colours_of(table), table.groupby("base_width")["series"].first()
    handles = [Line2D([], [], color=colours[base], label=f"{weights[base]} weights (width {base})") for base in colours]
    columns = int(figure.get_figwidth() / _LEGEND)
    figure.legend(handles=[*handles, *more], loc="outside upper center", ncols=columns, handlelength=1.5)


def draw_accuracies(
    axes: Axes,
    table: pd.DataFrame,
    colours: Mapping[int, str],
    x: str = "width",
    column: str = "mean",
    circles: tuple[Method, ...] = ("dense",),
) -> None:
    """Draw accuracies in per cent, a line for each base width and method; each starts at the dense network, if given.

    Parameters
    ----------
    table
        As `resnet_table` returns it.
    x, column
        What is drawn over which of its columns.
    circles
        Methods that are marked by filled circles; the others' marks are crosses.
    """
    deviation = "sd" if column == "mean" else f"{column}_sd"
    for base, rows in table.groupby("base_width", sort=False):
        colour = colours[int(str(base))]
        methods = [method for method in dict.fromkeys(rows["method"]) if method != "dense"] or ["dense"]
        for method, dashes in zip(methods, ("-", ":"), strict=False):
            line = rows[rows["method"].isin(("dense", method))].sort_values(x)
            bars = 100 * line[deviation]
            axes.errorbar(line[x], 100 * line[column], bars, color=colour, linestyle=dashes, linewidth=1, capsize=2.5)
        for method, marked in rows.groupby("method"):
            style = CIRCLE if method in circles else CROSS
            axes.plot(marked[x], 100 * marked[column], color=colour, linestyle="", **style)
    scale_axis(axes, x, table[x])


def scale_axis(axes: Axes, x: str, values: Iterable[float]) -> None:
    """Set the horizontal axis to a logarithmic scale with plain numbers, at the drawn values if they are few widths."""
    axes.set_xscale("log", base=10 if x == "connectivity" else 2)
    if x == "connectivity":
        axes.xaxis.set_major_locator(LogLocator(10, subs=(1, 3)))
    elif x == "width" and len(set(values)) <= _FEW:
        axes.set_xticks(sorted(set(values)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()
    axes.set_xlabel(x)


def accuracy_picture(trained: Trained, x: str, column: str = "mean") -> Picture:
    """Draw accuracies over width or connectivity, a panel for each image set, circles for dense networks."""
    table = resnet_table(trained)
    sets = dict.fromkeys(table["data"])
    figure, several = make_panels([TITLES[name] for name in sets])
    for name, axes in zip(sets, several, strict=True):
        draw_accuracies(axes, table[table["data"] == name], colours_of(table), x, column)
    several[0].set_ylabel(_LABELS[column])
    name_colours(figure, table)
    return Picture(figure, table, trained.footer(f"circles: dense, crosses: sparse; {_READINGS[column]}; {BARS}"))
