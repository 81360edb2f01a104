"""Figure 4: singular values of the Jacobian of ResNet-50 (10 classes) before training, by method and density.

DCTpS, FORCE, SynFlow, equally many per layer (EPL) and uniform; mean over eight inputs, in float64. The paper does not
say which statistics batch norm uses, so spectra are drawn with running statistics (eval), with those of the eight
inputs (train), and with the latter for the gradient of summed outputs (train-summed). Nothing is trained. On one core a
spectrum takes some 10 seconds, longer in mode `train`, which needs eight times as many passes; masks take as long as in
Figure 5, which shares them.
The paper found: zero where training fails, uniform at 0.1 %, EPL at 0.02 %; never zero of FORCE, SynFlow and DCTpS.
"""

import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from textwrap import fill
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from asc.run import Run
from common.identity import digest
from evaluation.jacobian import Mode, jacobian_spectrum
from models.pruning.prune import PruningError
from recipes.command import Recipe, run_recipe
from recipes.price2021.grids import DensityPoint, Panel, density_point
from recipes.price2021.layer_counts import start_points
from recipes.price2021.masks import StartOptions, examples_of, images_of, network_at_start
from recipes.price2021.methods import Series
from recipes.price2021.names import density_colours, legend_entries, percent
from recipes.rows import Row, rows_line, wanted_rows
from recipes.trained import Picture

_PANEL = Panel("resnet50", "cifar10")
_SERIES: tuple[Series, ...] = ("Sparse (uniform)", "Sparse (EPL)", "FORCE", "SynFlow")
_CLASSES, _SIDE = 10, 32
# Of the largest singular value: what is below cannot be told from zero.
_ROUNDING = 3 * _SIDE**2 * np.finfo(np.float64).eps
_LETTERS = 30  # in a line below a panel


@dataclass(frozen=True, kw_only=True)
class JacobianOptions(StartOptions):
    """JacobianOptions of Figure 4."""

    modes: tuple[Mode, ...] = get_args(Mode)
    """Modes of batch norm (see `evaluation.jacobian`), a row of panels for each."""
    inputs: Literal["noise", "images"] = "noise"
    """Inputs of the Jacobian: normal noise, or the first test images of CIFAR-10."""
    count: int = 8
    """Number of inputs that spectra are averaged over; with `train`, the batch that batch norm sees."""
    plot_only: bool = False
    """Draw the finished spectra without computing."""


def points(options: JacobianOptions) -> dict[tuple[str, str], DensityPoint]:
    """Return all networks by series and density; the dense one and DCTpS do not depend on the density."""
    alike: tuple[Series, ...] = ("dense", "DCTpS")
    found = {(name, "any"): density_point(name, _PANEL, options.densities[0], "paper", options) for name in alike}
    several = start_points(options, [(series, _PANEL) for series in _SERIES])
    return found | {(point.series, percent(point.density)): point for point in several}


def _inputs(run: Run, options: JacobianOptions) -> Tensor:
    if options.inputs == "noise":
        return torch.randn(options.count, 3, _SIDE, _SIDE, generator=torch.Generator().manual_seed(0))
    inputs, _ = next(examples_of(run, options).part("test"))
    return inputs[: options.count]


def _compute(options: JacobianOptions, key: Row) -> Row:
    """Return the singular values in descending order, or the reason why pruning failed."""
    run = points(options)[key["series"], key["density"]].run
    try:
        network = network_at_start(run, options)
    except PruningError as error:
        return {"failure": str(error)}
    spectrum = jacobian_spectrum(network, _inputs(run, options), key["mode"]).mean
    return {_column(number): float(value) for number, value in enumerate(spectrum, 1)}


def _column(number: int) -> str:
    return f"value {number}"


def draw_panel(axes: Axes, table: pd.DataFrame, dense: pd.DataFrame, colours: dict[str, Any]) -> None:
    """Draw the spectra of a series and of the dense network; name densities whose spectrum is zero or missing."""
    columns = [_column(number) for number in range(1, _CLASSES + 1)]
    axes.plot(range(1, _CLASSES + 1), dense[columns].to_numpy()[0], "--", color="black", linewidth=0.8, label="dense")
    zero, missing = [], []
    for density, spectrum in zip(table["density"], table[columns].to_numpy(), strict=True):
        if (spectrum == 0).all():
            zero.append(density)
        elif np.isnan(spectrum).any():
            missing.append(density)
        else:
            style = {"color": colours.get(density, "#D55E00"), "marker": ".", "linewidth": 1}
            told = np.where(spectrum > _ROUNDING * spectrum[0], spectrum, np.nan)
            axes.plot(range(1, _CLASSES + 1), told, label=density, **style)
    named = {"zero": zero, "no masks": missing}
    notes = [fill(f"{what}: {', '.join(densities)}", _LETTERS) for what, densities in named.items() if densities]
    axes.text(0.03, 0.03, "\n".join(notes), transform=axes.transAxes, fontsize=6)
    axes.set_yscale("log")


def draw_spectra(table: pd.DataFrame, options: JacobianOptions) -> Picture:
    """Draw a row of panels for each mode, a column for each series, a line for each density."""
    order = [series for series in ("DCTpS", *_SERIES[::-1]) if series in set(table["series"])]
    modes = [mode for mode in options.modes if mode in set(table["mode"])]
    figure = Figure(figsize=(1.9 * len(order) + 0.8, 2.2 * len(modes)), layout="constrained")
    colours = {percent(density): colour for density, colour in density_colours(options.densities).items()}
    panels = figure.subplots(len(modes), len(order), sharex=True, sharey="row", squeeze=False)
    for row, mode in zip(panels, modes, strict=True):
        rows = table[table["mode"] == mode]
        for axes, series in zip(row, order, strict=True):
            draw_panel(axes, rows[rows["series"] == series], rows[rows["series"] == "dense"], colours)
            axes.set_title(series, fontsize=8)
        row[0].set_ylabel(f"singular value ({mode})")
    for axes in panels[-1]:
        axes.set(xlabel="index", xticks=range(2, _CLASSES + 1, 2))
    lines = legend_entries(figure)
    figure.legend(lines.values(), lines, title="density", loc="outside right center", fontsize=7)
    reading = (
        f"ResNet-50, 10 classes, seed 0, float64; mean over {options.count} inputs ({options.inputs}); batch norm has "
        "its running statistics (eval) or those of these inputs (train; train-summed: of their summed outputs); "
        f"values below {_ROUNDING:.0e} of the largest, which are rounding, are left out"
    )
    return Picture(figure, table, reading)


def _rows(options: JacobianOptions) -> tuple[Path, list[Row]]:
    """Return the cache file of the spectra, and the keys of those in the figure."""
    found = points(options)
    keys: list[Row] = [
        {"series": series, "density": density, "mode": mode} for mode in options.modes for series, density in found
    ]
    identity = digest(
        {
            "images": images_of(found["dense", "any"].run, options).identity,
            "inputs": [options.inputs, options.count],
            "variants": [options.allocation, options.force_loss],
        }
    )
    return options.runs / f"price2021-jacobians-{identity[:12]}.csv", keys


def draw(options: JacobianOptions) -> Picture:
    """Compute the missing spectra, and draw."""
    path, keys = _rows(options)
    table = wanted_rows(path, keys, partial(_compute, options), "spectra", plot_only=options.plot_only)
    return draw_spectra(table, options)


RECIPE = Recipe(
    name="price2021/fig04_jacobian",
    about=__doc__,
    options=JacobianOptions,
    draw=draw,
    tell=lambda options: rows_line(*_rows(options), "spectra"),
)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
