"""How many weights each layer keeps, by density: what Figures 5, 7 and 13 draw. Nothing is trained."""

from collections.abc import Sequence
from functools import partial

import pandas as pd
from matplotlib.figure import Figure

from common.command import run_command
from common.progress import progress
from models.pruning.allocation import sizes_of
from models.pruning.prune import PruningError
from recipes.drawing import make_figure
from recipes.price2021.grids import DensityPoint, Task, density_point
from recipes.price2021.masks import StartOptions, counts_of_run
from recipes.price2021.methods import Series, weight_shapes
from recipes.price2021.names import NETWORKS, density_colours, legend_entries, percent
from recipes.trained import Picture

_TITLES = {"DCTpS": "equally many per layer", "DCTpS (EPF)": "equally many per filter"}


def start_points(options: StartOptions, panels: Sequence[tuple[Series, Task]]) -> list[DensityPoint]:
    """Return every panel at every density, of published size."""
    return [
        density_point(series, task, density, "paper", options)
        for series, task in panels
        for density in options.densities
    ]


def count_table(points: Sequence[DensityPoint], options: StartOptions) -> pd.DataFrame:
    """Return one row per point and layer, in the network's order, or one per point whose method fails.

    Columns: series, architecture, classes, density, layer (from 1), name, weights, kept, failure.
    """
    rows = []
    with progress("masks", len(points), "networks") as advance:
        for point in points:
            network = point.run.network
            row = {
                "series": point.series,
                "architecture": network.architecture,
                "classes": dict(network.size)["classes"],
                "density": point.density,
            }
            try:
                kept = counts_of_run(point.run, options)
            except PruningError as error:
                rows.append(row | {"failure": str(error)})
            else:
                sizes = sizes_of(weight_shapes(network))
                for layer, (name, weights) in enumerate(sizes.items(), 1):
                    rows.append(row | {"layer": layer, "name": name, "weights": weights, "kept": kept[name]})
            advance()
    columns = ["series", "architecture", "classes", "density", "layer", "name", "weights", "kept", "failure"]
    return pd.DataFrame(rows, columns=columns)


def draw_counts(table: pd.DataFrame, columns: int) -> Figure:
    """Draw kept weights against layers, a panel for each series and network, a line for each density."""
    panels = list(table.groupby(["architecture", "classes", "series"], sort=False))
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(3.6 * columns, 2.3 * rows), layout="constrained")
    several = figure.subplots(rows, columns, squeeze=False, sharey=True).flat
    colours = density_colours(table["density"])
    for axes, ((architecture, classes, series), panel) in zip(several, panels, strict=False):
        for density, colour in colours.items():
            line = panel[panel["density"] == density].dropna(subset="kept")
            style = {"color": colour, "marker": ".", "markersize": 3, "linewidth": 0.7}
            axes.plot(line["layer"], line["kept"], label=percent(density), **style)
        axes.set_yscale("symlog", linthresh=1)
        axes.yaxis.set_major_formatter("{x:,g}")
        axes.set_title(
            f"{_TITLES.get(str(series), series)}, {NETWORKS[str(architecture)]}, {classes} classes", fontsize=8
        )
    for axes in list(several):
        axes.remove()
    for axes in figure.axes[::columns]:
        axes.set_ylabel("weights kept")
    for axes in figure.axes[-columns:]:
        axes.set_xlabel("layer")
    figure.axes[0].set_ylim(bottom=-0.3)
    lines = legend_entries(figure)
    figure.legend(lines.values(), lines, title="density", loc="outside right center", fontsize=7)
    return figure


def _reading(table: pd.DataFrame) -> str:
    said = "layers in the network's order; axis linear up to 1, so that layers without weights show"
    failed = table.dropna(subset="failure")
    names = [f"{series} at {percent(share)}" for series, share in zip(failed["series"], failed["density"], strict=True)]
    return said + (f"; no masks, all scores being zero: {', '.join(names)}" if names else "")


def run_counts(
    name: str,
    panels: Sequence[tuple[Series, Task]],
    columns: int,
    arguments: list[str] | None,
    options: type[StartOptions],
) -> int:
    """Run the command line of a figure of these panels and return its exit code."""
    return run_command(options, partial(_make, f"price2021/{name}", panels, columns), arguments)


def _make(name: str, panels: Sequence[tuple[Series, Task]], columns: int, options: StartOptions) -> None:
    points = start_points(options, panels)
    if options.dry_run:
        print(f"{len(points)} networks; nothing to train")
        return
    table = count_table(points, options)
    make_figure(lambda: Picture(draw_counts(table, columns), table, _reading(table)), options.out / name)
