"""Figure 1: highest validation accuracy of LeNet-5 on CIFAR-10 by the number of trained parameters.

Runs: random hyperplanes (Li et al. 2018), DCTpS, FORCE, SynFlow, SNIP, GraSP, sparse with equally many weights per
layer (EPL) and uniformly sparse, eight numbers from 400 to 50,000, 160 epochs of Adam in batches of 64, 3 seeds: 192
runs (demo: four numbers, 40 epochs of 2,000 images: 96 runs). All methods train biases and count them (the
hyperplane as part of it), and DCTpS counts its scales. Which projection the paper used is not in its text.
The paper found: DCTpS as good as hyperplanes or better, then the pruning methods, then random ones.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from asc.images.description import ImageNetwork, ImageRun, ImageWeights, Scheme
from models.weights.hyperplane import Projection
from recipes.command import Recipe, run_recipe
from recipes.image_cost import counts_of
from recipes.images import ImageOptions, ImagePoint
from recipes.points import Preset
from recipes.price2021.density_figures import SPREAD, accuracy_table, draw_panels
from recipes.price2021.grids import Task, data_of, learning
from recipes.price2021.methods import Series, Variants, weights_of
from recipes.trained import Picture, Trained

_TASK = Task("lenet5", "cifar10")
_SERIES: tuple[Series, ...] = (
    "Hyperplane",
    "DCTpS",
    "FORCE",
    "SynFlow",
    "SNIP",
    "GraSP",
    "Sparse (EPL)",
    "Sparse (uniform)",
)
_DIMENSIONS: Mapping[Preset, tuple[int, ...]] = {
    "paper": (400, 800, 1500, 3000, 6000, 12_500, 25_000, 50_000),
    "demo": (400, 1500, 6000, 25_000),
}
_LENETS: Mapping[str, Mapping[str, Any]] = {"paper": {}, "code": {"units": 82, "bias": False}}


@dataclass(frozen=True, kw_only=True)
class DimensionPoint(ImagePoint):
    """A LeNet-5 of a series that trains so many parameters."""

    dimension: int


@dataclass(frozen=True, kw_only=True)
class Options(Variants, ImageOptions):
    """Options of Figure 1."""

    dimensions: tuple[int, ...] = ()
    """Numbers of trained parameters (default: the preset's)."""
    projection: Projection = "fastfood"
    """Projection of the hyperplane."""
    lenet: Literal["paper", "code"] = "paper"
    """`paper`: 84 units and biases, 62,006 parameters; `code`: 82 units and no biases as in the public code, 61,510."""


def _weights(series: Series, network: ImageNetwork, dimension: int, batch_size: int, options: Options) -> ImageWeights:
    if series == "Hyperplane":
        schemes: dict[Projection, Scheme] = {
            "dense": "hyperplane-dense",
            "sparse": "hyperplane-sparse",
            "fastfood": "hyperplane-fastfood",
        }
        return ImageWeights(start="kaiming", scheme=schemes[options.projection], dimension=dimension)
    counts = counts_of(network)
    scales = len(counts.shapes) if series == "DCTpS" else 0
    density = Fraction(dimension - counts.others - scales, counts.weights)
    return weights_of(series, network, density, _TASK.data, batch_size, options)


def points(options: Options) -> list[DimensionPoint]:
    """Return every series at every number of trained parameters."""
    network = ImageNetwork.of("lenet5", **_LENETS[options.lenet])
    preset: Preset = options.preset
    found = []
    for series in _SERIES:
        training = learning(_TASK, preset, "adam", series)
        for dimension in options.dimensions or _DIMENSIONS[preset]:
            weights = _weights(series, network, dimension, training.batch_size, options)
            data = data_of(_TASK, preset)
            run = ImageRun(data=data, network=network, weights=weights, training=training, preset=preset)
            found.append(DimensionPoint(series=series, run=run, dimension=dimension))
    return found


def draw(_options: Options, trained: Trained) -> Picture:
    """Draw accuracy against the number of trained parameters, a line for each series."""
    table = accuracy_table(trained, "highest validation", "dimension")
    figure = draw_panels(table, "dimension", "trained parameters", "highest validation")
    return Picture(figure, table, trained.footer(SPREAD))


RECIPE = Recipe(name="price2021/fig01_subspaces", about=__doc__, options=Options, points=points, draw=draw)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
