"""Figure 10: how 1.8e5 weights are shared out among the layers of ResNet-18s of several widths. Nothing is trained.

CIFAR-100. All widths keep the weights of the narrowest, whose layers are dense; in wider ones every layer keeps as many
as it has, but none more than a common number.

    python recipes/golubeva2021/fig10_layers.py --out FIGURES
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from common.command import run_command
from evaluation.style import mark
from recipes.drawing import make_figure
from recipes.golubeva2021.layer_counts import BASE_WIDTH, kept_by_layer
from recipes.options import SharedOptions
from recipes.trained import Picture

_NAME = "golubeva2021/fig10_layers"


@dataclass(frozen=True, kw_only=True)
class Options(SharedOptions):
    """Draw Figure 10: the weights that each layer keeps."""

    data: Path | None = None
    """Not needed: nothing is trained."""
    runs: Path | None = None
    """Not needed: nothing is trained."""
    widths: tuple[int, ...] = (8, 18, 32, 64, 128)
    """Widths of the ResNet-18 (100 classes)."""
    base_width: int = BASE_WIDTH
    """Width of the dense one that has as many weights as all of them keep."""


def _draw_column(axes: Axes, table: pd.DataFrame, column: str) -> None:
    for position, (width, line) in enumerate(table.groupby("width")):
        style = {**mark(position), "markersize": 4, "linewidth": 0.5}
        label = f"{width} ({line['kept'].sum() / line['weights'].sum():.2g})"
        axes.plot(line["layer"], line[column], label=label, **style)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:,g}")


def draw(widths: tuple[int, ...], base_width: int) -> Picture:
    """Draw kept weights and connectivity, layer by layer, a line for each width."""
    table = kept_by_layer(widths, base_width)
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
    total = table.loc[table["width"] == widths[0], "kept"].sum()
    footer = f"ResNet-18, 100 classes, {total:,} weights at every width; layers by module and block, in order"
    return Picture(figure, table, footer)


def _make(options: Options) -> None:
    if options.dry_run:
        print("nothing to train")
        return
    make_figure(lambda: draw(options.widths, options.base_width), options.out / _NAME)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(Options, _make, arguments)


if __name__ == "__main__":
    sys.exit(main())
