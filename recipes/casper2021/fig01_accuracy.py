"""Figure 1: test accuracy by size of networks, (a) on ImageNet, (b, c) on CIFAR-10.

Runs: (a) Figure 4's, (b) Figure 5's, (c) Figure 6's, all of the same number of seeds, 3: 141 (demo, (a) on CIFAR-10:
87).
The paper found: wider networks are as accurate or more in every series; random labels leave test accuracy at chance.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import pandas as pd
from matplotlib.figure import Figure

from asc.run_folder import RunFolder
from recipes.accuracies import draw_series
from recipes.casper2021.cifar import INITIALISERS, alexnet_points, labelled_points
from recipes.casper2021.imagenet import imagenet_points
from recipes.casper2021.measuring import over_runs
from recipes.casper2021.sizes import ResNetOptions, SizedPoint, set_sizes
from recipes.command import Recipe, run_recipe
from recipes.image_scores import result_of
from recipes.trained import Picture, Trained

_PANELS: dict[str, Callable[[ResNetOptions], list[SizedPoint]]] = {
    "(a) ResNet-18, Inception-v3": imagenet_points,
    "(b) true and random labels": labelled_points,
    "(c) AlexNets, initialisers": lambda options: alexnet_points(options, INITIALISERS["normal"]),
}


@dataclass(frozen=True, kw_only=True)
class AccuracyOptions(ResNetOptions):
    """AccuracyOptions of Figure 1."""

    panels: tuple[Literal["a", "b", "c"], ...] = ("a", "b", "c")
    """Panels to draw; (a) needs ImageNet with `--preset paper`."""


def panel_points(options: AccuracyOptions) -> dict[str, list[SizedPoint]]:
    """Return each panel's points, by its title."""
    return {title: make(options) for title, make in _PANELS.items() if title[1] in options.panels}


def _accuracies(_point: SizedPoint, folder: RunFolder) -> pd.DataFrame:
    result = result_of(folder)
    return pd.DataFrame(
        {"accuracy": [100 * result["test_accuracy"]], "train_accuracy": [100 * result["train_accuracy"]]}
    )


def draw(options: AccuracyOptions, trained: Trained) -> Picture:
    """Draw the panels, each with its series."""
    panels = panel_points(options)
    figure = Figure(figsize=(2.7 * len(panels), 3.4), layout="constrained")
    tables = {}
    for axes, (title, wanted) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True):
        table = over_runs([point for point in wanted if point in trained.points], trained, _accuracies)
        draw_series(axes, table, "size", "accuracy")
        set_sizes(axes, sorted(set(table["size"])))
        axes.set(title=title, ylim=(0, 100))
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.22), fontsize=7)
        tables[title] = table
    figure.axes[0].set_ylabel("test accuracy, %")
    table = pd.concat(tables, names=["panel"]).reset_index(level=0)
    return Picture(figure, table, trained.footer("bars: standard deviation over runs"))


RECIPE = Recipe(
    name="casper2021/fig01_accuracy",
    about=__doc__,
    options=AccuracyOptions,
    points=lambda options: [point for points in panel_points(options).values() for point in points],
    draw=draw,
)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
