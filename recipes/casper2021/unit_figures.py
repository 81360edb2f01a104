"""Accuracy, removability and similarity against size: panels of most figures of Casper 2021."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from recipes.accuracies import draw_series
from recipes.casper2021.measuring import over_runs, whole_network
from recipes.casper2021.sizes import set_sizes
from recipes.image_scores import best_rates
from recipes.images import ImageOptions
from recipes.trained import Picture, Trained

UNITS = {"removability": "removability (AUC)", "similarity": "similarity"}
PANELS = {"accuracy": "test accuracy, %"} | UNITS
# As in the paper: what is flat shall look flat.
_LIMITS = {"accuracy": (0, 100), "removability": (0, 1), "similarity": (0, None)}
_READING = (
    "removability: area under the curve of unchanged labels, of each layer by itself; similarity: how many others of "
    "its layer a live unit correlates with at |r| of 0.5 or more; "
)


def unit_table(options: ImageOptions, trained: Trained) -> pd.DataFrame:
    """Return one row per series and size, at its best learning rate: see `over_runs` and `whole_network`."""
    measure = partial(whole_network, images=options.data, accelerator=trained.accelerator)
    return over_runs(best_rates(trained), trained, measure)


def footer_of(trained: Trained, table: pd.DataFrame) -> str:
    """Return the line below a figure of `table`."""
    several = table["seeds"].max() > 1
    return trained.footer(_READING + ("bars: standard deviation over seeds" if several else "one seed"))


def draw_panels(table: pd.DataFrame, panels: Mapping[str, str], x: str = "size", **axis: Any) -> Figure:
    """Draw columns of `table` against size, or another column, a line for each series in order."""
    figure = Figure(figsize=(7.2, 2.7), layout="constrained")
    for axes, (column, title) in zip(np.atleast_1d(figure.subplots(1, len(panels))), panels.items(), strict=True):
        draw_series(axes, table, x, column)
        values = sorted(set(table[x]))
        if x == "size":
            set_sizes(axes, values)
        else:
            axes.set_xticks(values)
            axes.margins(x=0.08)
        axes.set(title=title, ylim=_LIMITS[column], **axis)
    handles, names = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside right center", fontsize=7)
    return figure


def unit_figure(options: ImageOptions, trained: Trained, panels: Mapping[str, str] | None = None) -> Picture:
    """Measure the units of each series and size, and draw the panels: all three if not given."""
    table = unit_table(options, trained)
    return Picture(draw_panels(table, panels or PANELS), table, footer_of(trained, table))
