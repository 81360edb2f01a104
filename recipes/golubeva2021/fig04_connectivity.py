"""Figure 4: accuracy of perceptrons of 3970 weights on MNIST by connectivity of the network and of its last layer.

Runs: one hidden layer of 5 to 640 units, the weights shared in up to six ways between the two layers, ReLU and linear:
80 networks a seed, 300 epochs of 60,000 digits, SGD of rate 0.1 without momentum, batches of 100 (demo: 10 epochs of
6,000 digits). Networks of one activation and seed are trained together.
The paper found: ReLU best, 96.3 %, at connectivity 0.06 or 0.03, its last layer more than 80 % connected; linear best,
92.7 %, at 0.13; the dense baselines about 90 %.
"""

import sys
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure

from asc.presets import image_training
from asc.run import ImageData, Run
from data_prep.images.splits import ImageSplitSettings
from models.initialisation import Start
from models.registry import network_settings
from models.vision.mlp import Activation
from models.weights.schemes import find_scheme
from models.weights.sparse import StaticSparsity
from recipes.command import Recipe, run_recipe
from recipes.golubeva2021.kernel_distances import CLASSES, PIXELS
from recipes.golubeva2021.mlp_grid import DENSE_WIDTH, WIDTHS, figure4_grid
from recipes.image_scores import score_table
from recipes.images import ImageOptions
from recipes.points import Point, Preset
from recipes.trained import Picture, Trained

# Highest accuracy in per cent, and the connectivities where it is, as the paper gives them.
PUBLISHED = {"relu": (96.3, (0.06, 0.03)), "linear": (92.7, (0.13,))}
_TITLES = {"relu": "(a) ReLU", "linear": "(b) linear"}
_EPOCHS: dict[Preset, int] = {"paper": 300, "demo": 10}
_EXAMPLES: dict[Preset, int | None] = {"paper": None, "demo": 6000}


@dataclass(frozen=True, kw_only=True)
class ConnectivityOptions(ImageOptions):
    """ConnectivityOptions of Figure 4."""

    widths: tuple[int, ...] = WIDTHS
    """Numbers of hidden units."""
    activations: tuple[Activation, ...] = get_args(Activation)
    """Activations of the hidden units, a panel for each."""


def _run(activation: Activation, width: int, kept: tuple[int, int], preset: Preset) -> Run:
    dense = kept == (PIXELS * width, CLASSES * width)
    weights = () if dense else (StaticSparsity(kept=kept, mask_init="rescaled"),)
    split = ImageSplitSettings(train_examples=_EXAMPLES[preset])
    return Run(
        data=ImageData(name="mnist", identity="", normalisation="channel", split=split),
        network=network_settings("mlp", width=width, classes=CLASSES, inputs=PIXELS, activation=activation),
        start=Start(init="fan-in-uniform"),
        weights=weights,
        training=image_training(epochs=_EPOCHS[preset], batch_size=100, learning_rate=0.1),
        preset=preset,
    )


def points(options: ConnectivityOptions) -> list[Point]:
    """Return every cell of both panels."""
    return [
        Point(series=activation, run=_run(activation, width, kept, options.preset))
        for activation in options.activations
        for width in options.widths
        for kept in figure4_grid(width)
    ]


def _kept(run: Run) -> tuple[int, ...]:
    """Return the numbers of weights kept in the first and the last layer."""
    sparse = find_scheme(run.weights, StaticSparsity)
    return sparse.kept if isinstance(sparse, StaticSparsity) else (PIXELS * DENSE_WIDTH, CLASSES * DENSE_WIDTH)


def connectivity_table(trained: Trained) -> pd.DataFrame:
    """Return one row per cell: connectivities, and mean and deviation over seeds of the last epoch's test accuracy."""
    table = score_table(trained, ["test_accuracy", "best_test_accuracy"])
    first, last = PIXELS * table["width"], CLASSES * table["width"]
    kept_last = pd.Series([_kept(point.run)[1] for point in trained.points])
    return pd.DataFrame(
        {
            "activation": table["series"],
            "width": table["width"],
            "connectivity": table["kept"].fillna(first + last) / (first + last),
            "last_layer": kept_last / last,
            "accuracy": 100 * table["mean"],
            "accuracy_sd": 100 * table["sd"],
            "best_epoch_accuracy": 100 * table["best_test_accuracy"],
            "seeds": table["seeds"],
        }
    )


def _draw_panel(axes: Axes, cells: pd.DataFrame) -> Any:
    """Draw one coloured cell per network, with colours centred on the dense baseline and a star at the best."""
    widths, levels = sorted(set(cells["width"])), sorted(set(cells["last_layer"].round(2)))
    grid = np.full((len(levels), len(widths)), np.nan)
    grid[np.searchsorted(levels, cells["last_layer"].round(2)), np.searchsorted(widths, cells["width"])] = cells[
        "accuracy"
    ]
    baseline = float(cells["accuracy"].to_numpy()[cells["width"].argmin()])
    low, high = min(np.nanmin(grid), baseline - 0.1), max(np.nanmax(grid), baseline + 0.1)
    shades = TwoSlopeNorm(baseline, low, high)
    drawn = axes.pcolormesh(grid, cmap="RdBu_r", norm=shades, edgecolors="white")
    row, column = np.unravel_index(np.nanargmax(grid), grid.shape)
    for (y, x), accuracy in np.ndenumerate(grid):
        if not np.isnan(accuracy):
            dark = abs(float(shades(accuracy)) - 0.5) > 0.3
            axes.text(x + 0.5, y + 0.3, f"{accuracy:.1f}", ha="center", fontsize=6, color="white" if dark else "black")
    axes.plot(column + 0.5, row + 0.72, marker="*", color="white", markersize=8, markeredgecolor="black")
    shares = cells.groupby("width")["connectivity"].first()
    axes.set_xticks(np.arange(len(widths)) + 0.5, [f"{shares[width]:.3g}\n{width}" for width in widths], fontsize=7)
    axes.set_yticks(np.arange(len(levels)) + 0.5, [f"{level:g}" for level in levels], fontsize=7)
    axes.set_xlabel("connectivity (above), width (below)")
    return drawn


def _say(activation: str, cells: pd.DataFrame) -> str:
    """Print the best cell and the paper's."""
    found = cells.iloc[int(cells["accuracy"].argmax())]
    dense = cells["accuracy"].to_numpy()[cells["width"].argmin()]
    accuracy, where = PUBLISHED[activation]
    return (
        f"{activation}: {found['accuracy']:.2f} % at connectivity {found['connectivity']:.3f}, last layer "
        f"{found['last_layer']:.2f}; dense {dense:.2f} % (published: {accuracy} % at {' or '.join(map(str, where))})"
    )


def draw(_options: ConnectivityOptions, trained: Trained) -> Picture:
    """Draw a panel for each activation, and print the best cell of each and the paper's."""
    table = connectivity_table(trained)
    panels = [(name, table[table["activation"] == name]) for name in dict.fromkeys(table["activation"])]
    figure = Figure(figsize=(4.4 * len(panels), 3.3), layout="constrained")
    for axes, (activation, cells) in zip(np.atleast_1d(figure.subplots(1, len(panels))), panels, strict=True):
        drawn = _draw_panel(axes, cells)
        axes.set(title=_TITLES[activation], ylabel="connectivity of the last layer")
        figure.colorbar(drawn, ax=axes, label="test accuracy, %", fraction=0.05)
        print(_say(activation, cells))
    reading = "colour: mean over seeds of the last epoch's test accuracy, white at the dense baseline's; star: highest"
    return Picture(figure, table, trained.footer(reading))


RECIPE = Recipe(
    name="golubeva2021/fig04_connectivity", about=__doc__, options=ConnectivityOptions, points=points, draw=draw
)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
