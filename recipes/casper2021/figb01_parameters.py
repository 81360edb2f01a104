"""Figure B1(a): parameters of the perceptrons by size, on data of 10 and of 10,000 dimensions.

Nothing is trained. With 128 hidden units they have 1,666 and 1,280,386 parameters.

    python recipes/casper2021/figb01_parameters.py --out FIGURES
"""

import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd
import torch
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from common.command import run_command
from evaluation.style import mark
from models.vision.architectures import build
from recipes.casper2021.students import WHOLE, WIDTHS
from recipes.drawing import make_figure
from recipes.options import SharedOptions
from recipes.trained import Picture

_INPUTS = (10, 10_000)


@dataclass(frozen=True, kw_only=True)
class Options(SharedOptions):
    """Draw Figure B1(a): parameters by size."""

    data: Path | None = None
    """Not needed: nothing is trained."""
    runs: Path | None = None
    """Not needed: nothing is trained."""
    inputs: tuple[int, ...] = _INPUTS
    """Dimensions of the data."""


def parameter_table(several: tuple[int, ...]) -> pd.DataFrame:
    """Return one row per dimension and size: inputs, size, width, parameters."""
    rows = []
    with torch.device("meta"):
        for inputs in several:
            for width in WIDTHS:
                network = build("mlp", inputs=inputs, width=width, classes=2)
                count = sum(parameter.numel() for parameter in network.parameters())
                rows.append({"inputs": inputs, "size": width / WHOLE, "width": width, "parameters": count})
    return pd.DataFrame(rows)


def draw(table: pd.DataFrame) -> Picture:
    """Draw parameters against size, a line for each dimension."""
    figure = Figure(figsize=(3.6, 2.8), layout="constrained")
    axes = figure.subplots()
    for position, inputs in enumerate(dict.fromkeys(table["inputs"])):
        line = table[table["inputs"] == inputs]
        style = {**mark(position), "markersize": 4, "linewidth": 1.2}
        axes.plot(line["size"], line["parameters"], label=f"{inputs:,} dimensions", **style)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(EngFormatter())
    sizes = sorted(set(table["size"]))
    axes.set_xticks(sizes, [f"{size:g}x" for size in sizes])
    axes.set(xlabel="size factor", ylabel="parameters")
    axes.legend(fontsize=7)
    return Picture(figure, table, f"perceptrons of one hidden layer, {WHOLE} units at 1x, two classes; counted")


def _make(options: Options) -> None:
    table = parameter_table(options.inputs)
    if options.dry_run:
        print(table.to_string(index=False))
        return
    make_figure(partial(draw, table), options.out / "casper2021/figb01_parameters")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(Options, _make, arguments)


if __name__ == "__main__":
    sys.exit(main())
