"""Figure 8: how weights are removed from the layers of a network, largest layers first. Nothing is trained.

The paper illustrates its algorithm: the largest layer gives up weights until it has as many as the next smaller one,
then both do, and so on until the budget is met. Here the allocator itself does it to a ResNet-18 that keeps the weights
of a narrower one: each shade is what goes before the next layer is involved.

    python recipes/golubeva2021/fig08_allocation.py --out FIGURES
"""

import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from common.command import run_command
from evaluation.style import COLOURS
from recipes.drawing import make_figure
from recipes.golubeva2021.layer_counts import BASE_WIDTH, budget_of, resnet_shapes, stage_table, stages_of
from recipes.options import SharedOptions
from recipes.trained import Picture

_NAME = "golubeva2021/fig08_allocation"


@dataclass(frozen=True, kw_only=True)
class Options(SharedOptions):
    """Draw Figure 8: weights removed from the largest layers first."""

    data: Path | None = None
    """Not needed: nothing is trained."""
    runs: Path | None = None
    """Not needed: nothing is trained."""
    width: int = 18
    """Width of the ResNet-18 (100 classes)."""
    base_width: int = BASE_WIDTH
    """Width of the dense one that has as many weights as it keeps."""


def _draw_layers(axes: Axes, table: pd.DataFrame) -> None:
    """Draw a bar for each layer: what is kept, and above it what goes, stage by stage."""
    stages = list(table.columns[1:])
    shades = matplotlib.colormaps["YlOrBr"](np.linspace(0.25, 0.75, len(stages) - 1))
    places = np.arange(len(table))
    for shade, (number, (before, after)) in zip(shades, enumerate(pairwise(stages), start=1), strict=True):
        label = f"removed {number}: down to {table[after].max():,}"
        axes.bar(places, table[before] - table[after], bottom=table[after], color=shade, label=label)
    axes.bar(places, table[stages[-1]], color=COLOURS[0], label="kept")
    axes.set_xticks(places, table["layer"], rotation=60, ha="right", rotation_mode="anchor", fontsize=7)
    axes.margins(x=0.01)


def draw(width: int, base_width: int) -> Picture:
    """Draw all layers of a ResNet-18, largest first."""
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


def _make(options: Options) -> None:
    if options.dry_run:
        print("nothing to train")
        return
    make_figure(lambda: draw(options.width, options.base_width), options.out / _NAME)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(Options, _make, arguments)


if __name__ == "__main__":
    sys.exit(main())
