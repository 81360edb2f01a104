"""Figure 9: best test accuracy of sparse ResNet-18s by width, with single weights or whole kernels removed.

Runs: CIFAR-100, the weights of dense networks 8, 12 and 18 wide in networks up to width 181, removed along all
dimensions of a weight (Figure 5's runs) or along inputs and outputs only, 300 epochs. With the paper's 10 seeds
(`--seeds 10`) 510 runs, with 3 153 (demo: CIFAR-10, from widths 4 and 8 to 24, as Figure 5's: 36 runs).
The paper found: about the same, but up to 3 points better along all dimensions in small networks that are very sparse.
"""

import sys

from matplotlib.lines import Line2D

from recipes.command import Recipe, run_recipe
from recipes.golubeva2021.resnet_options import ResNet18Options, Sets, Widths, widened
from recipes.golubeva2021.resnet_panels import (
    BARS,
    CIRCLE,
    CROSS,
    TITLES,
    colours_of,
    draw_accuracies,
    make_panels,
    name_colours,
    resnet_table,
)
from recipes.golubeva2021.resnets import ResNetPoint
from recipes.trained import Picture, Trained

_SETS: Sets = {"paper": ("cifar100",), "demo": ("cifar10",)}
_BASE_WIDTHS: Widths = {"paper": (8, 12, 18), "demo": (4, 8)}


def points(options: ResNet18Options) -> list[ResNetPoint]:
    """Return the dense networks, and wider ones that are sparse in either way."""
    return widened(options.families(_SETS, _BASE_WIDTHS), "sparse", "sparse kernels")


def draw(_options: ResNet18Options, trained: Trained) -> Picture:
    """Draw a panel for each image set: circles where weights are removed one by one, crosses where kernels are."""
    table = resnet_table(trained)
    sets = dict.fromkeys(table["data"])
    figure, several = make_panels([TITLES[name] for name in sets])
    for name, axes in zip(sets, several, strict=True):
        draw_accuracies(axes, table[table["data"] == name], colours_of(table), circles=("dense", "sparse"))
    several[0].set_ylabel("best test accuracy, %")
    marks = [
        Line2D([], [], color="black", linestyle="-", label="all dimensions", **CIRCLE),
        Line2D([], [], color="black", linestyle=":", label="inputs and outputs only", **CROSS),
    ]
    name_colours(figure, table, marks)
    return Picture(figure, table, trained.footer(f"best of all epochs; {BARS}"))


RECIPE = Recipe(name="golubeva2021/fig09_kernels", about=__doc__, options=ResNet18Options, points=points, draw=draw)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
