"""Figure 10: number of weights in each layer of ResNet-18s of several widths and 1.8e5 weights. Nothing is trained.

CIFAR-100. All widths keep as many weights as the narrowest, whose layers are dense. In wider networks every layer keeps
its weights up to a common limit.
"""

import sys
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evaluation.style import mark
from recipes.command import Recipe, run_recipe
from recipes.golubeva2021.layer_counts import BASE_WIDTH, kept_by_layer
from recipes.options import FigureOptions
from recipes.trained import Picture


@dataclass(frozen=True, kw_only=True)
class LayersOptions(FigureOptions):
    """LayersOptions of Figure 10."""

    widths: tuple[int, ...] = (8, 18, 32, 64, 128)
    """Widths of the ResNet-18 (100 classes)."""
    base_width: int = BASE_WIDTH
    """Width of the dense network that has as many weights as all of them keep."""


def _draw_column(axes: Axes, table: pd.DataFrame, column: str) -> None:
    for position, (width, line) in enumerate(table.groupby("width")):
        style = {**mark(position), "markersize": 4, "linewidth": 0.5}
        label = f"{width} ({line['kept'].sum() / line['weights'].sum():.2g})"
        axes.plot(line["layer"], line[column], label=label, **style)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:,g}")


def draw(options: LayersOptions) -> Picture:
    """Draw kept weights and connectivity, layer by layer, a line for each width."""
    table = kept_by_layer(options.widths, options.base_width)
    figure = Figure(figsize=(7.2, 4.8), layout="constrained")
    upper, lower = figure.subplots(2, sharex=True)
    for axes, column, label in ((upper, "kept", "weights kept"), (lower, "connectivity", "share of weights kept")):
        _draw_column(axes, table, column)
        axes.set_ylabel(label)
    layers = table["layer"].unique()
    lower.set_xticks(range(len(layers)), layers, rotation=60, ha="right", rotation_mode="anchor", fontsize=7)
    handles, labels = upper.get_legend_handles_labels()
    title = "width (connectivity of the whole network)"
    figure.legend(handles, labels, title=title, loc="outside upper center", ncols=len(labels))
    total = table.loc[table["width"] == options.widths[0], "kept"].sum()
    footer = f"ResNet-18, 100 classes, {total:,} weights at every width; layers by module and block, in order"
    return Picture(figure, table, footer)


RECIPE = Recipe(name="golubeva2021/fig10_layers", about=__doc__, options=LayersOptions, draw=draw)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
