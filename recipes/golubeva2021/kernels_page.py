"""The figures of docs/kernels.md: where Golubeva 2021's equation (6) holds, where it does not, and what replaces it.

Two-layer networks of 784 inputs, whose first layer has 8 x 784 weights at every width, each there with probability
8 / width; on independent Gaussian inputs and on MNIST's test digits. Nothing is trained.

    python recipes/golubeva2021/kernels_page.py --data IMAGES --preset paper --runs RUNS --out FIGURES
"""

import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from common.command import run_command
from common.files import write_text
from common.identity import digest
from data_prep.images.sets import LabelledSet, load_images
from evaluation.kernels.closed_forms import gaussian_distance, published_diagonal, published_distance
from evaluation.kernels.pairs import Pairs
from evaluation.kernels.second_order import second_order_distance
from evaluation.kernels.simulation import independent_weights
from recipes.drawing import make_figure
from recipes.golubeva2021.digits import digit_pairs
from recipes.golubeva2021.kernel_distances import DENSE_WIDTH, PIXELS, SampleSizes, measured, simulated_mean, with_error
from recipes.golubeva2021.kernels_panels import FIGURES, TITLES
from recipes.options import FigureOptions
from recipes.points import Preset
from recipes.rows import Row, rows_line, wanted_rows

_ROWS = "kernel distances"
_WIDTHS = (8, 16, 32, 48, 64, 80, 128, 160, 216, 320, 640, 1600, 4000)
_DRAWS = {
    "paper": SampleSizes(pairs=2000, networks=100, masks=10_000),
    "demo": SampleSizes(pairs=200, networks=10, masks=500),
}


@dataclass(frozen=True, kw_only=True)
class KernelOptions(FigureOptions):
    """Draw the figures of docs/kernels.md."""

    data: Path
    """Folder of image sets, or of MNIST's files."""
    runs: Path
    """Folder where computed distances are kept."""
    download: bool = False
    """Download MNIST if it is missing."""
    preset: Preset = "demo"
    """`paper`: 2,000 pairs, 100 networks, 10,000 masks; `demo`: a tenth of the pairs and networks, 500 masks."""
    plot_only: bool = False
    """Draw the finished distances without computing."""
    widths: tuple[int, ...] = _WIDTHS
    """Widths of the networks, at least 8."""


def _pairs(digits: LabelledSet, inputs: Any, draws: SampleSizes) -> Pairs:
    if inputs == "gaussian":
        return Pairs(*np.random.default_rng(draws.seed).normal(size=(2, draws.pairs, PIXELS)))
    return digit_pairs(digits, inputs, draws.pairs, draws.seed)


def distances_at(pairs: Pairs, width: int, draws: SampleSizes) -> Row:
    """Return what `measured` does for networks of independent masks, and equation (6); also of inputs with themselves.

    The columns of the latter start with `diagonal_`; the second order is exact there.
    """
    density, generator = DENSE_WIDTH / width, np.random.default_rng([draws.seed, width])
    draw = partial(independent_weights, width, PIXELS, density, generator)
    same = Pairs(pairs.first, pairs.first)
    return {
        "density": density,
        **measured(pairs, width, density, draw, draws),
        "published": float(published_distance(PIXELS, width, density)),
        "bias_published": float(published_distance(PIXELS, np.inf, density)),
        **with_error("diagonal_simulated", simulated_mean(draw, same, draws.networks)),
        "diagonal_exact": float(second_order_distance(same, density).squared(width).mean()),
        "diagonal_appendix": float(published_diagonal(PIXELS, width, density)),
    }


def moments(pairs: Pairs) -> Row:
    """Return what the bias depends on, each a mean over pairs: |x|^2 / inputs, the kurtosis k, and the moment c."""
    first, second, _ = pairs.overlap()
    squares, other_squares, products = (pairs.inputs * (part**2).sum(axis=1) for part in pairs.products())
    return {
        "squared_norm": float(first.mean()) / pairs.inputs,
        "kurtosis": float((squares / first**2).mean() + (other_squares / second**2).mean()) / 2,
        "joint_moment": float((products / (first * second)).mean()),
    }


def _compute(digits: LabelledSet, draws: SampleSizes, key: Row) -> Row:
    row = distances_at(_pairs(digits, key["inputs"], draws), key["width"], draws)
    if key["inputs"] == "gaussian":
        row["gaussian"] = float(gaussian_distance(PIXELS, key["width"], row["density"]))
    return row


def _make(options: KernelOptions) -> None:
    digits, draws = load_images("mnist", options.data, download=options.download), _DRAWS[options.preset]
    path = options.runs / f"kernels-page-{digest({'draws': draws, 'images': digits.identity})[:12]}.csv"
    keys: list[Row] = [{"inputs": inputs, "width": width} for inputs in TITLES for width in options.widths]
    if options.dry_run:
        print(rows_line(path, keys, _ROWS))
        return
    table = wanted_rows(path, keys, partial(_compute, digits, draws), _ROWS, plot_only=options.plot_only)
    footer = (
        f"{PIXELS} inputs, {DENSE_WIDTH} x {PIXELS} weights in the first layer at every width; {draws.pairs:,} pairs, "
        f"{draws.networks} networks (bars: standard error), {draws.masks:,} masks"
    )
    folder = options.out / "golubeva2021"
    inputs = pd.DataFrame([{"inputs": name, **moments(_pairs(digits, name, draws))} for name in TITLES])
    write_text(folder / "kernels_inputs.csv", inputs.to_csv(index=False, lineterminator="\n"))
    for name, draw in FIGURES.items():
        make_figure(partial(draw, table, footer), folder / name)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(KernelOptions, _make, arguments)


if __name__ == "__main__":
    sys.exit(main())
