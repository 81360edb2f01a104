"""Figure 8: removal of weights from the layers of a network, largest layers first. Nothing is trained.

The paper illustrates its algorithm: weights are removed from the largest layer until it has as many as the next smaller
one, then from both, and so on until the budget is met. Here the allocator is applied to a ResNet-18 that keeps as many
weights as a narrower one: each shade shows the weights that are removed before the next layer is reached.
"""

import sys
from dataclasses import dataclass
from itertools import pairwise

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evaluation.style import COLOURS
from recipes.command import Recipe, run_recipe
from recipes.golubeva2021.layer_counts import BASE_WIDTH, budget_of, resnet_shapes, stage_table, stages_of
from recipes.options import FigureOptions
from recipes.trained import Picture


@dataclass(frozen=True, kw_only=True)
class AllocationOptions(FigureOptions):
    """AllocationOptions of Figure 8."""

    width: int = 18
    """Width of the ResNet-18 (100 classes)."""
    base_width: int = BASE_WIDTH
    """Width of the dense network that has as many weights as this one keeps."""


def _draw_layers(axes: Axes, table: pd.DataFrame) -> None:
    """Draw a bar for each layer: the weights kept, and above them those removed at each stage."""
    stages = list(table.columns[1:])
    shades = matplotlib.colormaps["YlOrBr"](np.linspace(0.25, 0.75, len(stages) - 1))
    places = np.arange(len(table))
    for shade, (number, (before, after)) in zip(shades, enumerate(pairwise(stages), start=1), strict=True):
        label = f"removed {number}: down to {table[after].max():,}"
        axes.bar(places, table[before] - table[after], bottom=table[after], color=shade, label=label)
    axes.bar(places, table[stages[-1]], color=COLOURS[0], label="kept")
    axes.set_xticks(places, table["layer"], rotation=60, ha="right", rotation_mode="anchor", fontsize=7)
    axes.margins(x=0.01)


def draw(options: AllocationOptions) -> Picture:
    """Draw all layers of a ResNet-18, largest first."""
    width, base_width = options.width, options.base_width
    shapes, budget = resnet_shapes(width), budget_of(base_width, width)
    table = stage_table(stages_of(shapes, budget))
    figure = Figure(figsize=(7.2, 3.6), layout="constrained")
    axes = figure.subplots()
    _draw_layers(axes, table)
    axes.set(ylabel="weights", xlabel="layer, largest first")
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.legend()
    total = table["weights"].sum()
    footer = (
        f"ResNet-18 of width {width}, 100 classes: {total:,} weights brought down to the {budget:,} of width "
        f"{base_width} (connectivity {budget / total:.3f}); largest layers come down together to the next smaller one"
    )
    return Picture(figure, table, footer)


RECIPE = Recipe(name="golubeva2021/fig08_allocation", about=__doc__, options=AllocationOptions, draw=draw)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
