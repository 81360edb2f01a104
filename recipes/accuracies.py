"""Accuracies of a figure's runs, as a table and as lines in the paper's layout: unseen devices left, seen right."""

from collections.abc import Iterable, Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, FixedLocator, LogLocator, NullLocator
from matplotlib.transforms import ScaledTranslation

from asc.results import read_configurations
from asc.scenes.task import LAST_EPOCHS
from evaluation.accuracy import accuracy
from evaluation.grouping import Configuration, summarise
from evaluation.style import mark
from evaluation.words import count
from recipes.comparisons import Pairs, differences
from recipes.points import Point, sizes_of
from recipes.trained import Picture, Trained

_POINTS_APART, _MOST_APART, _MANY = 3, 16, 1000
_MOST = 101  # per cent: a bar may reach beyond what accuracy can
_TITLES = {"unseen": "unseen devices", "seen": "seen device"}
_COUNTS = ("parameters", "nonzero_parameters")
_COLUMNS = ["series", "width", "depth", "pointwise_depth", "damping", *_COUNTS, "part", "mean", "sd", "sd_seeds"]


def read_points(trained: Trained) -> dict[Point, Configuration]:
    """Read the finished runs of every point that has one."""
    return {
        point: read_configurations([folder.path for folder in trained.finished(point)])[0] for point in trained.points
    }


def reading(epochs: Iterable[int]) -> str:
    """Return the footer's words on bars; `epochs` is the number of last epochs that each run is scored on."""
    return f"bars: standard deviation over runs and last {count(max(epochs, default=LAST_EPOCHS), 'epoch')}"


def accuracy_table(found: Mapping[Point, Configuration]) -> pd.DataFrame:
    """Return one row per point and part (unseen, seen).

    Columns: series, width, depth, pointwise_depth, damping, parameters, nonzero_parameters, part, mean (over seeds and
    last epochs), sd (over seeds and last epochs together, as the paper's bars), sd_seeds, seeds (how many runs are
    finished).
    """
    rows = []
    for point, configuration in found.items():
        summary = summarise(accuracy(configuration.scored, ["seed", "epoch"])["part"])
        for part in _TITLES:
            rows.append(
                {
                    "series": point.series,
                    **sizes_of(point.run),
                    **{name: configuration.complexity[name] for name in _COUNTS},
                    "part": part,
                    "mean": summary["mean"][part],
                    "sd": summary["sd_all"][part],
                    "sd_seeds": summary["sd_seeds"][part],
                    "seeds": len(configuration.seeds),
                }
            )
    return pd.DataFrame(rows, columns=[*_COLUMNS, "seeds"])


def accuracy_lines(
    trained: Trained, *, x: str, label: str, questions: Mapping[str, Pairs], logarithmic: bool = False
) -> Picture:
    """Draw accuracy against column `x`, a line for each series in the order of the points; compare the points.

    Parameters
    ----------
    x, label
        Column of `accuracy_table` on the horizontal axis, and the label of the axis.
    questions
        The comparisons that the paper makes in this figure, see `recipes.comparisons`.
    logarithmic
        Draw the horizontal axis logarithmically.
    """
    found = read_points(trained)
    table = accuracy_table(found)
    figure = Figure(figsize=(7.2, 3.1), layout="constrained")
    panels = figure.subplots(1, 2)
    for axes, part in zip(panels, _TITLES, strict=True):
        draw_lines(axes, table[table["part"] == part], x)
        axes.set(title=_TITLES[part], xlabel=label)
        set_ticks(axes, sorted(set(table[x])), logarithmic=logarithmic)
    panels[0].set_ylabel("accuracy, %")
    name_lines(figure, panels[0])
    bars = reading(configuration.scored_epochs for configuration in found.values())
    return Picture(figure, table, trained.footer(bars), differences=differences(found, questions))


def draw_lines(axes: Axes, table: pd.DataFrame, x: str) -> None:
    """Draw mean and deviation of accuracies against column `x`, a line for each series, in per cent."""
    draw_series(axes, table.assign(accuracy=100 * table["mean"], accuracy_sd=100 * table["sd"]), x, "accuracy")
    axes.set_ylim(top=min(axes.get_ylim()[1], _MOST))


def draw_series(axes: Axes, table: pd.DataFrame, x: str, column: str) -> None:
    """Draw a column against column `x`, a line for each series, with bars of length `<column>_sd`."""
    series = table.groupby("series", sort=False)
    for position, (name, line) in enumerate(series):
        ordered = line.sort_values(x)
        style = {**mark(position, len(series)), "markersize": 4, "linewidth": 1.2, "capsize": 2.5, "elinewidth": 0.9}
        # Side by side, or the bars of one series would hide another's.
        apart = min(_POINTS_APART, _MOST_APART / len(series))
        aside = apart * (position - (len(series) - 1) / 2) / 72
        style["transform"] = axes.transData + ScaledTranslation(aside, 0, axes.figure.dpi_scale_trans)
        middle, deviation = ordered[column], ordered[f"{column}_sd"]
        bar = deviation.fillna(0)
        axes.errorbar(ordered[x], middle, bar if deviation.notna().any() else None, label=name, **style)
        for end in (middle - bar, middle + bar):  # what is drawn aside does not count for the limits
            axes.update_datalim(list(zip(ordered[x], end, strict=True)))
    axes.autoscale_view()


def name_lines(figure: Figure, axes: Axes) -> None:
    """Draw the legend above the panels."""
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), handlelength=1.5)


def set_ticks(axes: Axes, values: list[float], *, logarithmic: bool) -> None:
    """Set ticks at the values of a grid, or at round numbers if it reaches thousands."""
    if logarithmic and values:
        axes.set_xscale("log", base=2)
    if values and max(values) >= _MANY:
        axes.xaxis.set_major_locator(LogLocator(10, subs=(1, 2, 5)))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(EngFormatter(sep=" "))
    elif len(values) <= 8:
        axes.xaxis.set_major_locator(FixedLocator(values))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xticklabels([f"{value:g}" for value in values])
