"""The paper's layout: accuracy on unseen devices left, on seen ones right; and how figures are kept."""

import textwrap
from pathlib import Path
from typing import Literal

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from common.files import atomic_path, write_text
from evaluation.style import GREY, mark, saved
from recipes.results import Results

_TITLES = {"unseen": "unseen devices", "seen": "seen device"}


def accuracy_lines(results: Results, x: str, label: str, *, logarithmic: bool = False) -> Figure:
    """Draw accuracy against column `x`, a line for each series in the order of the table, bars of one deviation."""
    figure = Figure(figsize=(7.2, 3.1), layout="constrained")
    axes = figure.subplots(1, 2)
    series = list(dict.fromkeys(results.table["series"]))
    for axis, part in zip(axes, _TITLES, strict=True):
        here = results.table[results.table["part"] == part]
        for position, name in enumerate(series):
            line = here[here["series"] == name].sort_values(x)
            style = {**mark(position), "markersize": 4, "linewidth": 1.2, "capsize": 2.5, "elinewidth": 0.9}
            axis.errorbar(line[x], 100 * line["mean"], 100 * line["sd"].fillna(0), label=name, **style)
        axis.set(title=_TITLES[part], xlabel=label)
        _ticks(axis, sorted(set(here[x])), logarithmic)
    axes[0].set_ylabel("accuracy, %")
    if series:
        axes[0].legend(handlelength=1.5)
    return figure


def _ticks(axis: Axes, values: list[float], logarithmic: bool) -> None:
    if logarithmic and values:
        axis.set_xscale("log", base=2)
    if len(values) <= 8:
        axis.xaxis.set_major_locator(FixedLocator(values))
        axis.xaxis.set_minor_locator(NullLocator())
        axis.set_xticklabels([f"{value:g}" for value in values])


def save_figure(figure: Figure, table: pd.DataFrame, footer: str, target: Path) -> list[Path]:
    """Write `target`.png, .pdf and .csv, each whole or not at all, with `footer` under the figure; return the paths."""
    figure.supxlabel("\n".join(textwrap.wrap(footer, 150)), fontsize=6, color=GREY, x=0.01, ha="left")
    paths = [target.with_suffix(suffix) for suffix in (".png", ".pdf", ".csv")]
    forms: tuple[Literal["png", "pdf"], ...] = ("png", "pdf")
    for path, form in zip(paths, forms, strict=False):
        with atomic_path(path) as temporary:
            temporary.write_bytes(saved(figure, form))
    write_text(paths[2], table.to_csv(index=False, lineterminator="\n"))
    return paths
