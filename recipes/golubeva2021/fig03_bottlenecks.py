"""Figure 3: best test accuracy of ResNet-18s widened by linear (a) and non-linear (b) bottlenecks.

Runs: CIFAR-10 and CIFAR-100; from dense networks 8, 12, 18, 40 and 64 wide to networks up to width 181, their
bottlenecks narrowed so that the number of weights stays, 300 epochs, 3 seeds: 402 runs (demo: CIFAR-10, from widths 4
and 8 to 24, as Figure 5's: 42 runs). Weights are counted before a linear bottleneck is added; at the dense width it
changes how a network learns, not what it can compute. Channels are whole, so totals differ by up to 7 % (column
`weights`), and networks whose stem, shortcuts and classifier alone are too large are left out of (b).
The paper found: a linear bottleneck gains from width up to a point, in small networks more, yet stays below the dense
network (dashed); a non-linear one gains nothing, but for width 8, a little.
"""

import sys
from collections.abc import Mapping

from recipes.command import Recipe, run_recipe
from recipes.golubeva2021.resnet_options import ResNet18Options, Sets, widened
from recipes.golubeva2021.resnet_panels import (
    BARS,
    TITLES,
    colours_of,
    draw_accuracies,
    make_panels,
    name_colours,
    resnet_table,
)
from recipes.golubeva2021.resnets import Method, ResNetPoint
from recipes.trained import Picture, Trained

_METHODS: Mapping[str, Method] = {"(a)": "linear bottleneck", "(b)": "non-linear bottleneck"}
_SETS: Sets = {"paper": ("cifar10", "cifar100"), "demo": ("cifar10",)}


def points(options: ResNet18Options) -> list[ResNetPoint]:
    """Return the dense networks, and those widened by either bottleneck."""
    return widened(options.families(_SETS), *_METHODS.values())


def draw(_options: ResNet18Options, trained: Trained) -> Picture:
    """Draw a column of panels for each bottleneck, a panel for each image set."""
    table = resnet_table(trained)
    colours, columns = colours_of(table), len(_METHODS)
    drawn = [(letter, method, name) for name in dict.fromkeys(table["data"]) for letter, method in _METHODS.items()]
    figure, several = make_panels([f"{letter} {method}, {TITLES[name]}" for letter, method, name in drawn], columns)
    for (_, method, name), axes in zip(drawn, several, strict=True):
        rows = table[table["data"] == name]
        dense, narrowed = (rows[rows["method"] == kind] for kind in ("dense", method))
        if method == "linear bottleneck":
            for base, accuracy in zip(dense["base_width"], dense["mean"], strict=True):
                axes.axhline(100 * accuracy, color=colours[base], linestyle="--", linewidth=0.9)
            draw_accuracies(axes, narrowed, colours)
        else:
            draw_accuracies(axes, rows[rows["method"].isin(("dense", method))], colours)
    for axes in several[::columns]:
        axes.set_ylabel("best test accuracy, %")
    name_colours(figure, table)
    reading = f"dashed lines in (a), circles in (b): dense; weights counted before linear bottlenecks; {BARS}"
    return Picture(figure, table, trained.footer(reading))


RECIPE = Recipe(name="golubeva2021/fig03_bottlenecks", about=__doc__, options=ResNet18Options, points=points, draw=draw)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
