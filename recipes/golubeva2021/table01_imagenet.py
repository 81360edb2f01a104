"""Table 1: top-1 accuracy on ImageNet of dense and of sparse ResNet-18s of five widths.

Runs: widths 64, 90, 128, 181 and 256, dense, and sparse with the weights of width 64, 150 epochs, 3 seeds: 27 runs
(demo: CIFAR-10, which stands in for ImageNet, widths 4 to 24: 21 runs). ImageNet could not be had where this was
written.
The paper found: 68.03, 69.11, 70.22, 70.91 and 71.89 % dense, 69.56, 70.02, 70.66 and 70.53 % sparse.
"""

import sys
from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from recipes.command import Recipe, run_recipe
from recipes.golubeva2021.resnet_options import IMAGENET, ONE_BASE_WIDTH, ResNet18Options, sparse_and_dense
from recipes.golubeva2021.resnet_panels import TITLES, resnet_table
from recipes.trained import Picture, Trained

# Per cent, by width.
PUBLISHED: Mapping[str, Mapping[int, float]] = {
    "dense": {64: 68.03, 90: 69.11, 128: 70.22, 181: 70.91, 256: 71.89},
    "sparse": {90: 69.56, 128: 70.02, 181: 70.66, 256: 70.53},
}


def accuracy_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Return the printed table, a column for each width: accuracy in per cent and, in brackets, millions of weights.

    Parameters
    ----------
    table
        As `recipes.golubeva2021.resnet_panels.resnet_table` returns it.
    """
    networks = zip(table["method"], table["series"], table["data"], strict=True)
    names = [
        f"{method if method == 'dense' else f'sparse, {series}'}, {TITLES[data]}" for method, series, data in networks
    ]
    accuracies = (100 * table["mean"]).map("{:.2f}".format) + (table["weights"] / 1e6).map(" ({:.4g})".format)
    rows = table.assign(name=names, accuracy=accuracies).pivot(index="name", columns="width", values="accuracy")
    if "imagenet" in set(table["data"]):
        published = pd.DataFrame(PUBLISHED).T.map("{:.2f}".format, na_action="ignore")
        rows = pd.concat([rows, published.set_axis([f"{method}, published" for method in published.index])])
    return rows.sort_index(axis=1).fillna("")


def draw(_options: ResNet18Options, trained: Trained) -> Picture:
    """Print the table and draw it."""
    table = resnet_table(trained)
    rows = accuracy_rows(table)
    print(rows.to_string(), end="\n\n")
    figure = Figure(figsize=(1.6 + 1.2 * len(rows.columns), 0.5 + 0.25 * len(rows)), layout="constrained")
    axes = figure.subplots()
    axes.axis("off")
    widths = [f"width {width}" for width in rows.columns]
    axes.table(rows.to_numpy().tolist(), rowLabels=list(rows.index), colLabels=widths, loc="center", edges="horizontal")
    reading = "top-1 test accuracy in %, best of all epochs, mean over seeds; in brackets millions of weights"
    return Picture(figure, table, trained.footer(reading))


RECIPE = Recipe(
    name="golubeva2021/table01_imagenet",
    about=__doc__,
    options=ResNet18Options,
    points=lambda options: sparse_and_dense(options.families(IMAGENET, ONE_BASE_WIDTH)),
    draw=draw,
)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
