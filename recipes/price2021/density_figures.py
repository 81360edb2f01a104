"""Accuracy against what is trained, a panel for each network and set of images: what most figures draw."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from data_prep.images.sets import ImageSetName
from evaluation.style import GREY, mark
from models.vision.architectures import Architecture
from recipes.command import Recipe
from recipes.image_scores import score_table
from recipes.price2021.grids import DensityOptions, DensityPoint, Optimiser, density_points, tasks_of
from recipes.price2021.methods import CLASSES, Series
from recipes.price2021.names import LOOKS, NETWORKS, SETS, legend_entries
from recipes.trained import Picture, Trained

# What is drawn: test accuracy of the epoch that did best on validation examples, or that epoch's validation accuracy.
Measure = Literal["test", "highest validation"]
_MANY = 1000

SPREAD = (
    "shaded: standard deviation over runs; dotted: chance; dashed: drawn at chance, as a method finds no weights to "
    "keep in any run; where it does in some, the mean is of these alone; EPL, EPF: equally many per layer, per filter"
)


def accuracy_table(trained: Trained, measure: Measure, x: str) -> pd.DataFrame:
    """Return `score_table` with `x` of every point, as its attribute is called, and `chance`, one over the classes."""
    if measure == "test":
        table = score_table(trained, ["test_accuracy"])
    else:
        table = score_table(trained, ["validation_accuracy", "best_test_accuracy"])
        own = table["data"] == "tiny-imagenet"  # whose validation part stands where a test part would
        table.loc[own, ["mean", "sd"]] = table.loc[own, ["best_test_accuracy", "best_test_accuracy_sd"]].to_numpy()
        table = table.drop(columns=["best_test_accuracy", "best_test_accuracy_sd"])
    table.insert(3, x, [getattr(point, x) for point in trained.points])
    table["chance"] = [1 / CLASSES[name] for name in table["data"]]
    return table


def draw_series(axes: Axes, line: pd.DataFrame, x: str) -> None:
    """Draw one series: its mean and deviation; dashed, at chance, what leads to points where all runs failed."""
    line = line.sort_values(x)
    series, mean = line["series"].iloc[0], 100 * line["mean"]
    if series == "dense":
        axes.axhline(mean.iloc[0], color="black", linestyle="--", linewidth=1, label=series)
        return
    style: dict[str, Any] = {**mark(LOOKS[series]), "markersize": 3.5, "linewidth": 1.2}
    axes.plot(line[x], mean, label=series, **style)
    deviation = 100 * line["sd"].fillna(0)
    axes.fill_between(line[x], mean - deviation, mean + deviation, color=style["color"], alpha=0.2, linewidth=0)
    if mean.isna().any():
        axes.plot(line[x], mean.fillna(100 * line["chance"]), **style | {"marker": "", "linestyle": "--", "zorder": 1})


def _short(value: float) -> str:
    return f"{value:g}" if value < _MANY else f"{value / _MANY:g}k"


def draw_panels(table: pd.DataFrame, x: str, label: str, measure: Measure) -> Figure:
    """Draw accuracy against `x`, on a logarithmic axis, a panel for each network and set of images."""
    panels = list(table.groupby(["architecture", "data"], sort=False))
    columns = min(2, len(panels))
    rows = -(-len(panels) // columns)
    alone = len(panels) == 1
    figure = Figure(figsize=(5.4 if alone else 3.6 * columns, 2.5 * rows + 0.5), layout="constrained")
    for axes, ((network, data), panel) in zip(figure.subplots(rows, columns, squeeze=False).flat, panels, strict=True):
        for _, line in panel.groupby("series", sort=False):
            draw_series(axes, line, x)
        axes.axhline(100 * panel["chance"].iloc[0], color=GREY, linestyle=":", linewidth=0.8, zorder=0)
        axes.set_xscale("log")
        ticks = sorted(set(panel.loc[panel["series"] != "dense", x]))
        axes.set_xticks(ticks, [_short(value) for value in ticks], fontsize=7)
        axes.minorticks_off()
        axes.set(title=f"{NETWORKS[str(network)]}, {SETS[str(data)]}", xlabel=label)
        axes.set_ylabel(f"{measure} accuracy, %")
    lines = legend_entries(figure)
    place: dict[str, Any] = {"loc": "outside right center"} if alone else {"loc": "outside upper center", "ncols": 4}
    figure.legend(lines.values(), lines, handlelength=1.8, fontsize=8, **place)
    return figure


def density_recipe(
    name: str,
    options: type[DensityOptions],
    networks: Mapping[Architecture, Sequence[Series]],
    sets: Sequence[ImageSetName],
    optimiser: Optimiser = "adam",
    measure: Measure = "test",
) -> Recipe:
    """Return the figure `price2021/<name>`: of each network, on each of `sets`, its series at every density."""

    def points(chosen: DensityOptions) -> list[DensityPoint]:
        return [
            point
            for network, several in networks.items()
            for point in density_points(chosen, tasks_of(chosen, network, sets), several, optimiser)
        ]

    def draw(_options: DensityOptions, trained: Trained) -> Picture:
        table = accuracy_table(trained, measure, "density")
        table["density_percent"] = 100 * table["density"]
        figure = draw_panels(table, "density_percent", "weights trained, %", measure)
        return Picture(figure, table.drop(columns="density_percent"), trained.footer("black: dense; " + SPREAD))

    return Recipe(name=f"price2021/{name}", options=options, points=points, draw=draw)
