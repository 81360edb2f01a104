"""Accuracy, removability and similarity against size: the three panels of most figures of Casper 2021."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from asc.images.units import curves_of, similarity_of
from asc.run_folder import RunFolder
from common.progress import progress
from evaluation.style import mark
from evaluation.units.removability import areas
from evaluation.units.settings import CODE_REMOVABILITY, RemovabilitySettings, RepetitionSettings
from recipes.image_scores import result_of
from recipes.images import ImageOptions, ImagePoint
from recipes.trained import Picture, Trained

PANELS = {"accuracy": "test accuracy, %", "removability": "removability (AUC)", "similarity": "similarity"}
READING = (
    "removability: area under the curve of unchanged labels, of each layer by itself; similarity: how many others of "
    "its layer a live unit correlates with at |r| of 0.5 or more; bars: standard deviation over runs"
)


def best_rates(trained: Trained) -> dict[tuple[str, int], ImagePoint]:
    """Return, of the points of each series and width, the one whose runs do best on validation examples on average.

    The smaller rate where two do equally well.
    """
    best: dict[tuple[str, int], tuple[tuple[float, float], ImagePoint]] = {}
    for point in trained.points:
        rate = point.run.training.learning_rate
        scores = [result_of(folder).get("validation_accuracy") for folder in trained.finished(point)]
        score = float(np.mean([score for score in scores if score is not None] or [0.0]))
        key = point.series, point.run.network.width
        if key not in best or (score, -rate) > best[key][0]:
            best[key] = (score, -rate), point
    return {key: point for key, (_, point) in best.items()}


def measure(folder: RunFolder, images: Path, accelerator: str) -> dict[str, float]:
    """Return a run's accuracy, and the removability and similarity of its units, as the paper and its code have it."""
    paper, repetition = RemovabilitySettings(), RepetitionSettings()
    units = similarity_of(folder, images, repetition, accelerator)
    return {
        "accuracy": 100 * float(result_of(folder)["test_accuracy"]),
        "removability": float(areas(curves_of(folder, images, paper, accelerator), paper).mean()),
        "removability_code": float(
            areas(curves_of(folder, images, CODE_REMOVABILITY, accelerator), CODE_REMOVABILITY).mean()
        ),
        "similarity": float(units["similarity"].mean()),
        "dead": float((units["dead"] / units["units"]).mean()),
    }


def unit_table(
    points: Mapping[tuple[str, int], ImagePoint], trained: Trained, images: Path, whole: int
) -> pd.DataFrame:
    """Return one row per series and size: means and standard deviations over runs of what `measure` returns."""
    rows = []
    with progress("units", sum(len(trained.finished(point)) for point in points.values()), "runs") as advance:
        for (series, width), point in points.items():
            measured = []
            for folder in trained.finished(point):
                measured.append(measure(folder, images, trained.accelerator))
                advance()
            found = pd.DataFrame(measured)
            row: dict[str, Any] = {"series": series, "size": width / whole, "width": width}
            row["learning_rate"] = point.run.training.learning_rate
            for name in found:
                row |= {str(name): found[name].mean(), f"{name}_sd": found[name].std()}
            rows.append(row | {"seeds": len(found)})
    return pd.DataFrame(rows)


def draw_panels(table: pd.DataFrame, panels: Mapping[str, str], label: str) -> Figure:
    """Draw columns of `table` against size, a line for each series in order, and bars of standard deviation."""
    figure = Figure(figsize=(7.2, 2.7), layout="constrained")
    several = figure.subplots(1, len(panels))
    sizes = sorted(set(table["size"]))
    for axes, (column, title) in zip(np.atleast_1d(several), panels.items(), strict=True):
        for position, (name, line) in enumerate(table.groupby("series", sort=False)):
            style = {**mark(position), "markersize": 4, "linewidth": 1.2, "capsize": 2.5, "elinewidth": 0.9}
            bars = line[f"{column}_sd"].fillna(0)
            axes.errorbar(line["size"], line[column], yerr=bars, label=str(name), **style)
        axes.set_xscale("log", base=2)
        axes.set_xticks(sizes, [f"{size:g}x" for size in sizes])
        axes.minorticks_off()
        axes.set(title=title, xlabel=label)
    handles, names = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside right center", fontsize=7)
    return figure


def unit_figure(options: ImageOptions, trained: Trained, *, whole: int, label: str = "size factor") -> Picture:
    """Measure the units of each series and size at its best learning rate, and draw the three panels."""
    table = unit_table(best_rates(trained), trained, options.data, whole)
    return Picture(draw_panels(table, PANELS, label), table, trained.footer(READING))
