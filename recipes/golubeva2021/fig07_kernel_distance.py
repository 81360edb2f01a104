"""Figure 7: accuracy of two-layer networks of 6,352 weights on MNIST, and their kernels' distance from the limit.

Runs: dense and sparse networks of widths 8 to 635, NTK parametrisation, without biases, on 2,048 digits, 300 epochs of
SGD in batches of 256; seven learning rates, of which the best on 10,000 other training digits is drawn; 3 seeds: 273
runs (demo: three widths and rates, 20 epochs: 45). Sparse networks are trained together.
Distances: simulated networks, Theorem 1 by drawing masks, the published equation (6), and the second order, over pairs
of test digits, normalised as the authors' code does, and by the training set.
The paper found the smallest distance at widths 128 to 216, and the smallest test error near them.
"""

import sys
from dataclasses import dataclass
from functools import partial

import pandas as pd

from asc.images.task import load
from asc.presets import image_training
from asc.run import ImageData, Run
from common.identity import digest
from data_prep.images.sets import LabelledSet
from data_prep.images.splits import ImageSplitSettings
from models.initialisation import Start
from models.registry import network_settings
from models.weights.sparse import StaticSparsity
from recipes.command import Recipe, run_recipe
from recipes.golubeva2021.digits import Normalisation, digit_pairs
from recipes.golubeva2021.kernel_accuracy_panels import draw
from recipes.golubeva2021.kernel_distances import (
    CLASSES,
    DENSE_WIDTH,
    PIXELS,
    WEIGHTS,
    WIDTHS,
    SampleSizes,
    distances_at,
    kept_weights,
)
from recipes.image_scores import best_rates, score_table
from recipes.images import ImageOptions
from recipes.points import Point, Preset
from recipes.rows import Row, wanted_rows
from recipes.trained import Picture, Trained

_DRAWS = {
    "paper": SampleSizes(pairs=10_000, networks=10, masks=10_000),
    "demo": SampleSizes(pairs=1000, networks=5, masks=500),
}
_WIDTHS: dict[Preset, tuple[int, ...]] = {"paper": WIDTHS, "demo": (8, 128, 512)}
_RATES: dict[Preset, tuple[float, ...]] = {"paper": (1, 3, 10, 30, 100, 300, 1000), "demo": (10, 100, 1000)}
_EPOCHS: dict[Preset, int] = {"paper": 300, "demo": 20}
_SPLIT = ImageSplitSettings(train_examples=2048, validation=10_000)


@dataclass(frozen=True, kw_only=True)
class KernelDistanceOptions(ImageOptions):
    """KernelDistanceOptions of Figure 7."""

    widths: tuple[int, ...] = ()
    """Widths of the networks (default: the preset's)."""
    normalisations: tuple[Normalisation, ...] = ("per_thousand", "training_set")
    """Images that pixels are normalised over for the kernels, a panel for each."""
    distances_only: bool = False
    """Train nothing and draw only (b)."""


def _point(series: str, width: int, rate: float, preset: Preset) -> Point:
    sparse = StaticSparsity(kept=(kept_weights(width), CLASSES * width), mask_init="rescaled")
    size = {"inputs": PIXELS, "classes": CLASSES, "bias": False, "parametrisation": "ntk"}
    run = Run(
        data=ImageData(name="mnist", identity="", split=_SPLIT, normalisation="pixel"),
        network=network_settings("mlp", width=width, **size),
        start=Start(init="fan-in-normal"),
        weights=(sparse,) if series == "sparse" else (),
        training=image_training(epochs=_EPOCHS[preset], batch_size=256, learning_rate=rate),
        preset=preset,
    )
    return Point(series=series, run=run)


def points(options: KernelDistanceOptions) -> list[Point]:
    """Return every network at every learning rate; the narrowest is dense."""
    if options.distances_only:
        return []
    widths = options.widths or _WIDTHS[options.preset]
    return [
        _point(series, width, rate, options.preset)
        for series in ("dense", "sparse")
        for width in widths
        for rate in _RATES[options.preset]
        if series == "dense" or width > DENSE_WIDTH
    ]


def best_accuracies(trained: Trained) -> pd.DataFrame:
    """Return the accuracy of networks at the best learning rate of their series and width.

    Columns: series (dense, sparse; the dense network of as many weights is in both), width, learning_rate, accuracy
    (a fraction, mean over seeds), accuracy_sd, seeds.
    """
    best = {point: trained.runs_of[point] for point in best_rates(trained)}
    chosen = Trained(runs_of=best, data=trained.data, preset=trained.preset, accelerator=trained.accelerator)
    table = score_table(chosen).rename(columns={"mean": "accuracy", "sd": "accuracy_sd"})
    both = table[(table["series"] == "dense") & (table["width"] == DENSE_WIDTH)].assign(series="sparse")
    table = pd.concat([table, both]).sort_values(["series", "width"], ignore_index=True)
    return table[["series", "width", "learning_rate", "accuracy", "accuracy_sd", "seeds"]]


def _compute(digits: LabelledSet, draws: SampleSizes, key: Row) -> Row:
    return distances_at(digit_pairs(digits, key["normalisation"], draws.pairs, draws.seed), key["width"], draws)


def _distances(options: KernelDistanceOptions, draws: SampleSizes) -> pd.DataFrame:
    digits = load("mnist", options.data.resolve(), download=options.download)
    identity = digest({"draws": draws, "images": digits.identity})
    path = options.runs / f"golubeva2021-kernel-distances-{identity[:12]}.csv"
    widths = options.widths or WIDTHS
    keys: list[Row] = [{"normalisation": n, "width": w} for n in options.normalisations for w in widths]
    compute = partial(_compute, digits, draws)
    return wanted_rows(path, keys, compute, "kernel distances", plot_only=options.plot_only)


def draw_figure(options: KernelDistanceOptions, trained: Trained) -> Picture:
    """Compute the missing distances, and draw."""
    draws = _DRAWS[options.preset]
    reading = (
        f"{draws.pairs:,} pairs of different test digits; {draws.networks} networks of each width (bars: standard "
        f"error), of {WEIGHTS:,} weights, with all of the last layer's; {draws.masks:,} masks; equation (6) at the "
        "paper's density, 8 / width; trained networks: bars are standard deviations over seeds"
    )
    best = best_accuracies(trained) if trained.points else None
    return draw(_distances(options, draws), best, trained.footer(reading))


RECIPE = Recipe(
    name="golubeva2021/fig07_kernel_distance",
    about=__doc__,
    options=KernelDistanceOptions,
    points=points,
    draw=draw_figure,
)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
