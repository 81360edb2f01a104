"""Figure 12: gain of ResNet-18s on ImageNet by width, at a constant and at an increasing number of weights.

Runs: those of Table 1 (demo: CIFAR-10, which stands in for ImageNet).
The paper found: up to width 128 sparse networks gain as much as dense ones, whose number of weights grows.
"""

import sys

import pandas as pd

from recipes.accuracies import draw_series
from recipes.command import Recipe, run_recipe
from recipes.golubeva2021.improvement import improvement_table
from recipes.golubeva2021.resnet_options import IMAGENET, ONE_BASE_WIDTH, ResNet18Options, sparse_and_dense
from recipes.golubeva2021.resnet_panels import BARS, TITLES, make_panels, resnet_table, scale_axis
from recipes.trained import Picture, Trained

_LINES = {"constant": ("mean", "sd"), "increasing": ("dense", "dense_sd")}


def draw(_options: ResNet18Options, trained: Trained) -> Picture:
    """Draw gains over the dense network of the base width."""
    table = improvement_table(resnet_table(trained))
    cells = list(table.groupby(["data", "base_width"], sort=False))
    figure, several = make_panels([TITLES[str(data)] for (data, _), _ in cells])
    for axes, (_, rows) in zip(several, cells, strict=True):
        lines = [
            rows.assign(series=label, gain=100 * (rows[column] - rows["base"]), gain_sd=100 * rows[deviation])
            for label, (column, deviation) in _LINES.items()
        ]
        draw_series(axes, pd.concat(lines), "width", "gain")
        scale_axis(axes, "width", rows["width"])
    several[0].set_ylabel("gain in test accuracy, points")
    several[0].legend(title="number of weights")
    return Picture(figure, table, trained.footer(f"best test accuracy of all epochs; {BARS}"))


RECIPE = Recipe(
    name="golubeva2021/fig12_imagenet",
    about=__doc__,
    options=ResNet18Options,
    points=lambda options: sparse_and_dense(options.families(IMAGENET, ONE_BASE_WIDTH)),
    draw=draw,
)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
