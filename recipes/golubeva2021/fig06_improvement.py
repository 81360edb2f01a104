"""Figure 6: fraction of the gain from width that is reached at a fixed number of weights, by widening factor.

Runs: Figure 5's and Table 1's, and dense networks of every width: 405 runs (demo: CIFAR-10, 27 runs).
The fraction is (sparse - base) / (dense - base), of best test accuracies: sparse and dense are of one width, base and
sparse of one number of weights.
The paper found: most of the gain is due to the width, as long as the sparse network can still be trained; on ImageNet
at width 90 more than all of it.
"""

import sys
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from evaluation.style import COLOURS, GREY
from recipes.command import Recipe, run_recipe
from recipes.golubeva2021.improvement import improvement_table
from recipes.golubeva2021.resnet_options import ResNet18Options, Sets, sparse_and_dense
from recipes.golubeva2021.resnet_panels import TITLES, make_panels, resnet_table
from recipes.trained import Picture, Trained

_SETS: Sets = {
    "paper": ("cifar10", "cifar100", "svhn", "imagenet"),
    "demo": ("cifar10",),
}
_RED = COLOURS[1]
_READING = (
    "triangles: fraction of improvement; circles: last epoch's accuracy on the training images as they are, dense and "
    "sparse; dashed: where it is highest; bars: standard deviation over seeds, of fractions to first order"
)


def _draw_panel(axes: Axes, rows: pd.DataFrame) -> Axes:
    """Draw fractions of one base width on the left axis, and training accuracies on the right axis; return it."""
    rows = rows.sort_values("factor")
    training, right = 100 * rows["train_accuracy"], axes.twinx()
    style: dict[str, Any] = {"linewidth": 0.8, "capsize": 2.5}
    axes.errorbar(rows["factor"], rows["fraction"], rows["fraction_sd"], color="black", marker="^", **style)
    right.errorbar(rows["factor"], training, 100 * rows["train_accuracy_sd"], color=_RED, marker="o", **style)
    axes.axvline(rows["factor"].to_numpy()[training.argmax()], color=GREY, linestyle="--", linewidth=0.9)
    axes.axhline(1, color=GREY, linewidth=0.5)
    right.spines["right"].set(visible=True, color=_RED)
    right.tick_params(colors=_RED)
    axes.set_xlabel("widening factor")
    return right


def draw(_options: ResNet18Options, trained: Trained) -> Picture:
    """Draw a panel for each image set and base width."""
    table = improvement_table(resnet_table(trained))
    cells = list(table.groupby(["data", "base_width"], sort=False))
    titles = [f"{TITLES[str(data)]}, {rows['series'].iloc[0]} weights" for (data, _), rows in cells]
    columns = int(table.groupby("data")["base_width"].nunique().max())
    figure, several = make_panels(titles, columns)
    right = [_draw_panel(axes, rows) for axes, (_, rows) in zip(several, cells, strict=True)]
    several[0].set_ylabel("fraction of improvement")
    right[-1].set_ylabel("training accuracy, %", color=_RED)
    return Picture(figure, table, trained.footer(_READING))


RECIPE = Recipe(
    name="golubeva2021/fig06_improvement",
    about=__doc__,
    options=ResNet18Options,
    points=lambda options: sparse_and_dense(options.families(_SETS)),
    draw=draw,
)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
