"""Figure 3: correlations between units of the last convolution, of AlexNets on CIFAR-10 of three sizes.

Runs: of Figure 6's Glorot and He AlexNets the sizes 1/4, 1 and 4, 3 seeds: 18 (demo: 1/8, 1/4, 1/2: 18).
The paper found: correlations grow with size, very little with Glorot initialisation and much with He's.
"""

import sys
from dataclasses import replace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from asc.images.units import pairs_of
from asc.run_folder import RunFolder
from common.progress import progress
from evaluation.style import COLOURS
from evaluation.units.settings import RepetitionSettings
from recipes.casper2021.cifar import CIFAR_SIZES, glorot_and_he
from recipes.casper2021.sizes import SizedPoint, SizeOptions, size_name
from recipes.command import Recipe, run_recipe
from recipes.trained import Picture, Trained

_LAST_CONVOLUTION = "relu2"
_SETTINGS = RepetitionSettings(samplings=1)
_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_READING = (
    "|r| of all pairs of live units of the second convolution on test images, perfect copies left out, pairs of all "
    "seeds together; widths are scaled to one another; line: mean"
)


def points(options: SizeOptions) -> list[SizedPoint]:
    """Return the smallest, the middle and the largest networks of both initialisers."""
    sizes = options.sizes or CIFAR_SIZES[options.preset]
    return glorot_and_he(replace(options, sizes=(sizes[0], sizes[len(sizes) // 2], sizes[-1])))


def _measure(options: SizeOptions, folder: RunFolder, accelerator: str) -> NDArray[np.float32]:
    return pairs_of(folder, options.data, _SETTINGS, accelerator, _LAST_CONVOLUTION)


def _pairs(options: SizeOptions, trained: Trained) -> dict[SizedPoint, NDArray[np.float32]]:
    found = {}
    with progress("correlations", len(trained.points), "points") as advance:
        for point in trained.points:
            runs = [_measure(options, folder, trained.accelerator) for folder in trained.finished(point)]
            found[point] = np.concatenate(runs)
            advance()
    return found


def _row(point: SizedPoint, pairs: NDArray[np.float32]) -> dict[str, object]:
    quantiles = {f"quantile_{share:g}": np.quantile(pairs, share) for share in _QUANTILES}
    summary = {"pairs": len(pairs), "mean": pairs.mean(), "above_half": (pairs >= 0.5).mean()}
    return {"initialiser": point.series, "size": point.size, **summary, **quantiles}


def _draw_violins(axes: Axes, pairs: dict[float, NDArray[np.float32]]) -> None:
    drawn = axes.violinplot(list(pairs.values()), widths=0.9, showmeans=True, showextrema=False)
    for body in drawn["bodies"]:  # type: ignore[attr-defined]
        body.set(facecolor=COLOURS[0], edgecolor="black", alpha=0.6)
    drawn["cmeans"].set(color="black", linewidth=1)
    axes.set_xticks(range(1, len(pairs) + 1), [size_name(size) for size in pairs])
    axes.set(xlabel="size factor", ylim=(-0.01, 1.01))


def draw(options: SizeOptions, trained: Trained) -> Picture:
    """Draw a panel for each initialiser, a violin for each size."""
    found = _pairs(options, trained)
    names = list(dict.fromkeys(point.series for point in found))
    figure = Figure(figsize=(5.6, 2.8), layout="constrained")
    several = figure.subplots(1, len(names), squeeze=False, sharey=True)[0]
    for axes, name in zip(several, names, strict=True):
        _draw_violins(axes, {point.size: pairs for point, pairs in found.items() if point.series == name})
        axes.set_title(f"{name} AlexNet")
    several[0].set_ylabel("|r|, second convolution")
    return Picture(figure, pd.DataFrame([_row(*item) for item in found.items()]), trained.footer(_READING))


RECIPE = Recipe(
    name="casper2021/fig03_correlations",
    about=__doc__,
    options=SizeOptions,
    points=points,
    draw=draw,
    measure=_measure,
)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
