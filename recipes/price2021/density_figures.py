"""Figures 2, 3, 6 and 8 to 10: accuracy against density, a panel for each network and set of images."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from data_prep.images.sets import ImageSetName
from evaluation.style import GREY, mark
from recipes.command import Recipe
from recipes.image_scores import score_table
from recipes.price2021.grids import Algorithm, DensityOptions, DensityPoint, density_points, panels_of
from recipes.price2021.methods import CLASSES, COMPARED, FILTERS, RANDOM, WITHOUT_SYNFLOW, Series
from recipes.price2021.names import LOOKS, NETWORKS, SETS, legend_entries
from recipes.trained import Picture, Trained

# Test accuracy of the epoch of the best validation accuracy, or that validation accuracy.
Measure = Literal["test", "highest validation"]
_MANY = 1000

SPREAD = (
    "shaded: standard deviation over runs; dotted: chance; dashed: drawn at chance, as a method finds no weights to "
    "keep in any run; where it does in some, the mean is of these alone; EPL, EPF: equally many per layer, per filter"
)


def accuracy_table(trained: Trained, measure: Measure, x: str) -> pd.DataFrame:
    """Return `score_table` with the attribute `x` of every point, and `chance`, one over the number of classes."""
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
    """Draw mean and deviation of one series; dashed, at chance, the segments to points where all runs failed."""
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


def _recipe(
    name: str,
    about: str,
    networks: Mapping[str, Sequence[Series]],
    *sets: ImageSetName,
    optimizer: Algorithm = "adam",
    measure: Measure = "test",
) -> Recipe:
    """Return the figure of accuracy against density for the series of each network on each of `sets`."""

    def points(options: DensityOptions) -> list[DensityPoint]:
        return [
            point
            for network, several in networks.items()
            for point in density_points(options, panels_of(options, network, sets), several, optimizer)
        ]

    def draw(_options: DensityOptions, trained: Trained) -> Picture:
        table = accuracy_table(trained, measure, "density")
        table["density_percent"] = 100 * table["density"]
        figure = draw_panels(table, "density_percent", "weights trained, %", measure)
        return Picture(figure, table.drop(columns="density_percent"), trained.footer("black: dense; " + SPREAD))

    return Recipe(name=f"price2021/{name}", about=about, options=DensityOptions, points=points, draw=draw)


RECIPES = (
    _recipe(
        "fig02_density",
        """Figure 2: test accuracy of ResNet-50 and VGG-19 by density, on CIFAR-10 and CIFAR-100.

        Runs: DCTpS, FORCE, SynFlow, sparse with equally many weights per layer (EPL) and uniformly sparse, eight
        densities from 5 % to 0.01 %, and dense, each on both sets, 200 epochs of Adam, 3 seeds: 492 runs (demo:
        CIFAR-10 only, networks of an eighth of the width, images of 16 x 16, three densities from 20 % to 1 %, 5 epochs
        of 2,000 images: 96 runs).
        The paper found: all as good as dense at 5 %; uniform collapses below 1 %, equal per layer below 0.5 %; at
        0.01 % DCTpS of ResNet-50 still has more than 80 % on CIFAR-10, 22 % above SynFlow; FORCE finds no VGG-19 below
        0.05 %.
        """,
        {"resnet50": COMPARED, "vgg19": COMPARED},
        "cifar10",
        "cifar100",
    ),
    _recipe(
        "fig03_small_networks",
        """Figure 3: test accuracy of MobileNetV2 and Fixup ResNet-110 by density, on CIFAR-10.

        Runs: as Figure 2's; no FORCE and SynFlow of the Fixup ResNet, whose scores are zero everywhere (appendix D.2):
        198 runs (demo: quarter widths, as Figure 2's otherwise: 78 runs).
        The paper found: at 0.01 % DCTpS of MobileNetV2 still has about 70 %, at 0.1 % that of the Fixup ResNet about
        45 %, more than 20 % above equal per layer.
        """,
        {"mobilenetv2": COMPARED, "fixup-resnet": RANDOM},
        "cifar10",
    ),
    _recipe(
        "fig06_tiny_imagenet",
        """Figure 6: highest validation accuracy of ResNet-18 on Tiny ImageNet by density.

        Runs: DCTpS, FORCE and SynFlow, eight densities, and dense, 200 epochs of Adam, 3 seeds: 75 runs (demo: CIFAR-10
        in place of Tiny ImageNet, an eighth of the width, images of 16 x 16, three densities: 30 runs). Accuracy is on
        Tiny ImageNet's own validation part, as its test part has no labels, or on the images of CIFAR-10 that are held
        out of training.
        The paper found: DCTpS best from 1 % down, by about 10 % at 0.1 %; FORCE fails in some runs below 0.5 %, and in
        all at 0.01 %.
        """,
        {"resnet18": ("DCTpS", "FORCE", "SynFlow")},
        "tiny-imagenet",
        measure="highest validation",
    ),
    _recipe(
        "fig08_filters",
        """Figure 8: test accuracy of DCTpS networks by density, equally many weights per layer or per filter.

        Runs: ResNet-50 and VGG-19 on CIFAR-10 and CIFAR-100, both allocations, eight densities, and dense, 200 epochs
        of Adam, 3 seeds: 204 runs (demo: 42), of which Figure 2 shares 108 (demo: 24). Which networks the paper drew is
        not in its text.
        The paper found: equal per filter a little worse at every density.
        """,
        {"resnet50": FILTERS, "vgg19": FILTERS},
        "cifar10",
        "cifar100",
    ),
    _recipe(
        "fig09_sgd",
        """Figure 9: Figure 2 with SGD and momentum, ResNet-50 and VGG-19 on CIFAR-10 and CIFAR-100.

        Runs: Figure 2's but for SynFlow, with rate 0.1 (DCTpS 0.03), momentum 0.9 and a tenth of the rate from epochs
        120 and 160 on: 396 runs (demo: 78).
        The paper found: as with Adam, all a little better, most at high densities.
        """,
        {"resnet50": WITHOUT_SYNFLOW, "vgg19": WITHOUT_SYNFLOW},
        "cifar10",
        "cifar100",
        optimizer="sgd",
    ),
    _recipe(
        "fig10_sgd_small",
        """Figure 10: Figure 3 with SGD and momentum, MobileNetV2 and Fixup ResNet-110 on CIFAR-100.

        Runs: rate 0.1 (DCTpS 0.03), momentum 0.9 and a tenth of the rate from epochs 120 and 160 on, no SynFlow, 3
        seeds: 174 runs (demo: CIFAR-10 in place of CIFAR-100: 69 runs).
        The paper found: as with Adam.
        """,
        {"mobilenetv2": WITHOUT_SYNFLOW, "fixup-resnet": RANDOM},
        "cifar100",
        optimizer="sgd",
    ),
)
