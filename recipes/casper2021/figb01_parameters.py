"""Figure B1: parameters by size of perceptrons, AlexNets, ResNets and Inception-v3s. Nothing is trained.

Panels: (a) perceptrons, (b) AlexNets and ResNet-56s, (c) ResNet-18s and Inception-v3s. At size 1 perceptrons have 1,666
parameters on 10 and 1,280,386 on 10,000 dimensions, AlexNet 6,989,642, ResNet-56 856,058; ResNet-18 and Inception-v3
(without its second classifier) have 1,000 classes.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from evaluation.style import mark
from models.counts import network_counts
from models.network import NetworkSettings
from recipes.casper2021.cifar import alexnet_of, resnet56_of
from recipes.casper2021.imagenet import (
    INCEPTION,
    INCEPTION_LAYER,
    WIDEST_INCEPTION,
    inception_of,
    layer_of,
    resnet18_of,
)
from recipes.casper2021.sizes import SIZES, set_sizes
from recipes.casper2021.students import student_of
from recipes.command import Recipe, run_recipe
from recipes.options import FigureOptions
from recipes.trained import Picture

_PANELS: dict[str, dict[str, Callable[[float], NetworkSettings]]] = {
    "(a) perceptrons": {f"{inputs:,} dimensions": partial(student_of, inputs=inputs) for inputs in (10, 10_000)},
    "(b) AlexNet, ResNet-56": {"AlexNet": alexnet_of, "ResNet-56": resnet56_of},
    "(c) ResNet-18, Inception-v3": {"ResNet-18": resnet18_of, INCEPTION: inception_of, INCEPTION_LAYER: layer_of},
}


@dataclass(frozen=True, kw_only=True)
class ParametersOptions(FigureOptions):
    """ParametersOptions of Figure B1."""

    sizes: tuple[float, ...] = SIZES
    """Size factors."""


def parameter_table(sizes: tuple[float, ...]) -> pd.DataFrame:
    """Return one row per network and size: panel, series, size, width, parameters."""
    rows = []
    for panel, series in _PANELS.items():
        for name, network_of in series.items():
            for size in sizes:
                if name == INCEPTION and size > WIDEST_INCEPTION:
                    continue
                network = network_of(size)
                row = {"panel": panel, "series": name, "size": size, "width": network.width}
                rows.append(row | {"parameters": network_counts(network).parameters})
    return pd.DataFrame(rows)


def draw(options: ParametersOptions) -> Picture:
    """Draw parameters against size, a panel for each group of networks."""
    table = parameter_table(options.sizes)
    figure = Figure(figsize=(7.2, 2.9), layout="constrained")
    panels = list(table.groupby("panel", sort=False))
    for axes, (title, rows) in zip(figure.subplots(1, len(panels), sharey=True), panels, strict=True):
        for position, (name, line) in enumerate(rows.groupby("series", sort=False)):
            style = {**mark(position), "markersize": 4, "linewidth": 1.2}
            axes.plot(line["size"], line["parameters"], label=name, **style)
        set_sizes(axes, sorted(set(table["size"])))
        axes.set(title=title, yscale="log")
        axes.yaxis.set_major_formatter(EngFormatter())
        axes.legend(fontsize=7)
    figure.axes[0].set_ylabel("parameters")
    return Picture(figure, table, "trainable parameters, biases and those of batch norm among them; counted")


RECIPE = Recipe(
    name="casper2021/figb01_parameters",
    about=__doc__,
    options=ParametersOptions,
    draw=draw,
    tell=lambda options: parameter_table(options.sizes).to_string(index=False),
)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
