"""Figures 5, 7 and 13: number of weights that each layer keeps, by density. Nothing is trained."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from common.progress import progress
from models.pruning.allocation import sizes_of
from models.pruning.prune import PruningError
from recipes.command import Recipe
from recipes.price2021.grids import DensityPoint, Panel, density_point
from recipes.price2021.masks import StartOptions, counts_of_run
from recipes.price2021.methods import FILTERS, Series, weight_shapes
from recipes.price2021.names import NETWORKS, density_colours, legend_entries, percent
from recipes.trained import Picture

_RESNET, _VGG = Panel("resnet50", "cifar10"), Panel("vgg19", "cifar10")
_COLUMNS = 2
_TITLES = {"DCTpS": "equally many per layer", "DCTpS (EPF)": "equally many per filter"}


def start_points(options: StartOptions, panels: Sequence[tuple[Series, Panel]]) -> list[DensityPoint]:
    """Return every panel at every density, of published size."""
    return [
        density_point(series, panel, density, "paper", options)
        for series, panel in panels
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
                "architecture": network.kind,
                "classes": network.classes,
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


def draw_counts(table: pd.DataFrame, columns: int = _COLUMNS) -> Figure:
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


@dataclass(frozen=True, kw_only=True)
class SynFlowOptions(StartOptions):
    """Options of Figure 13: SynFlow looks at no image."""

    data: Path | None = field(init=False, default=None)


@dataclass(frozen=True, kw_only=True)
class AllocationOptions(SynFlowOptions):
    """Options of Figure 7: allocations need no masks."""

    runs: Path = field(init=False, default=Path())
    download: bool = field(init=False, default=False)


def _recipe(name: str, about: str, options: type[StartOptions], *panels: tuple[Series, Panel]) -> Recipe:
    """Return a figure of kept weights per layer with these panels."""

    def draw(options: StartOptions) -> Picture:
        table = count_table(start_points(options, panels), options)
        return Picture(draw_counts(table), table, _reading(table))

    def tell(options: StartOptions) -> str:
        return f"{len(start_points(options, panels))} networks; nothing to train"

    return Recipe(name=f"price2021/{name}", about=about, options=options, draw=draw, tell=tell)


RECIPES = (
    _recipe(
        "fig05_layers",
        """Figure 5: number of weights in each layer of ResNet-50 (10 classes) by pruning method. Nothing is trained.

        SynFlow, FORCE, equally many per layer, and uniform; eight densities. FORCE scores with CIFAR-10. On one core
        SynFlow takes some 4 minutes a density, FORCE some 9; masks are kept in `--runs`.
        The paper found: SynFlow keeps about equally many in every layer but the four projection shortcuts, which it
        empties.
        """,
        StartOptions,
        ("SynFlow", _RESNET),
        ("FORCE", _RESNET),
        ("Sparse (EPL)", _RESNET),
        ("Sparse (uniform)", _RESNET),
    ),
    _recipe(
        "fig07_allocations",
        """Figure 7: number of weights in each layer if layers, or filters, have equally many. Nothing is trained.

        ResNet-50 and VGG-19 with 10 classes, eight densities. No masks are drawn.
        """,
        AllocationOptions,
        *((series, panel) for panel in (_RESNET, _VGG) for series in FILTERS),
    ),
    _recipe(
        "fig13_synflow_layers",
        """Figure 13: number of weights that SynFlow keeps in each layer of other networks. Nothing is trained.

        VGG-19 with 10 and 100 classes, ResNet-18 with 200 classes and images of 64 x 64, MobileNetV2 with 10; eight
        densities, 100 iterations each. No images are needed. Masks are kept in `--runs`.
        The paper found: about equally many in every layer of VGG-19; the same in ResNet-18, whose projection shortcuts
        are emptied; in MobileNetV2 around a common value, with layers emptied at low densities.
        """,
        SynFlowOptions,
        ("SynFlow", _VGG),
        ("SynFlow", Panel("vgg19", "cifar100")),
        ("SynFlow", Panel("resnet18", "tiny-imagenet")),
        ("SynFlow", Panel("mobilenetv2", "cifar10")),
    ),
)
