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

from asc.run import Run
from models.counts import network_counts
from models.network import NetworkSettings
from models.registry import network_settings
from models.weights.hyperplane import Projection, RandomHyperplane
from models.weights.scheme import Scheme
from recipes.command import Recipe, run_recipe
from recipes.images import ImageOptions
from recipes.points import Point, Preset
from recipes.price2021.density_figures import SPREAD, accuracy_table, draw_panels
from recipes.price2021.grids import Panel, data_of, learning
from recipes.price2021.methods import Series, Variants, start_of, weights_of
from recipes.trained import Picture, Trained

_PANEL = Panel("lenet5", "cifar10")
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
class DimensionPoint(Point):
    """A LeNet-5 of a series that trains so many parameters."""

    dimension: int


@dataclass(frozen=True, kw_only=True)
class SubspacesOptions(Variants, ImageOptions):
    """SubspacesOptions of Figure 1."""

    dimensions: tuple[int, ...] = ()
    """Numbers of trained parameters (default: the preset's)."""
    projection: Projection = "fastfood"
    """Projection of the hyperplane."""
    lenet: Literal["paper", "code"] = "paper"
    """`paper`: 84 units and biases, 62,006 parameters; `code`: 82 units and no biases as in the public code, 61,510."""


def _weights(
    series: Series, network: NetworkSettings, dimension: int, batch_size: int, options: SubspacesOptions
) -> tuple[Scheme, ...]:
    if series == "Hyperplane":
        return (RandomHyperplane(dimension=dimension, projection=options.projection),)
    counts = network_counts(network)
    scales = len(counts.shapes) if series == "DCTpS" else 0
    density = Fraction(dimension - counts.others - scales, counts.weights)
    return weights_of(series, network, density, _PANEL.data, batch_size, options)


def points(options: SubspacesOptions) -> list[DimensionPoint]:
    """Return every series at every number of trained parameters."""
    network = network_settings("lenet5", **_LENETS[options.lenet])
    preset: Preset = options.preset
    found = []
    for series in _SERIES:
        training = learning(_PANEL, preset, "adam", series)
        for dimension in options.dimensions or _DIMENSIONS[preset]:
            weights = _weights(series, network, dimension, training.batch_size, options)
            data = data_of(_PANEL, preset)
            run = Run(
                data=data, network=network, start=start_of(network), weights=weights, training=training, preset=preset
            )
            found.append(DimensionPoint(series=series, run=run, dimension=dimension))
    return found


def draw(_options: SubspacesOptions, trained: Trained) -> Picture:
    """Draw accuracy against the number of trained parameters, a line for each series."""
    table = accuracy_table(trained, "highest validation", "dimension")
    figure = draw_panels(table, "dimension", "trained parameters", "highest validation")
    return Picture(figure, table, trained.footer(SPREAD))


RECIPE = Recipe(name="price2021/fig01_subspaces", about=__doc__, options=SubspacesOptions, points=points, draw=draw)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
