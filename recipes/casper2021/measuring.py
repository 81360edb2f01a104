"""Measurements of the finished runs of Casper 2021: accuracy, removable and repeated units, by layer."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from asc.images.units import curves_of, similarity_of
from asc.run_folder import RunFolder
from common.progress import progress
from evaluation.units.removability import areas
from evaluation.units.settings import CODE_REMOVABILITY, RemovabilitySettings, RepetitionSettings
from recipes.casper2021.sizes import SizedPoint
from recipes.image_scores import result_of
from recipes.images import ImageOptions
from recipes.trained import Trained

Measure = Callable[[SizedPoint, RunFolder], pd.DataFrame]


def by_site(folder: RunFolder, images: Path, accelerator: str) -> pd.DataFrame:
    """Return a row for each site of a run's network, in order: how removable and how repeated its units are.

    Columns: removability, similarity (also as the published code has it, dead units -1 each), deviation (of similarity
    among units) and dead (share of units that never change); means over repetitions and samplings.
    """
    settings = RemovabilitySettings()
    curves = curves_of(folder, images, settings, accelerator)
    units = similarity_of(folder, images, RepetitionSettings(), accelerator)
    units["dead"] /= units["units"]
    units["similarity_code"] = (units["similarity"].fillna(0) + 1) * (1 - units["dead"]) - 1
    found = units.groupby("site", sort=False)[["similarity", "similarity_code", "deviation", "dead"]].mean()
    found.insert(0, "removability", areas(curves, settings).groupby("site").mean())
    return found


def whole_network(point: SizedPoint, folder: RunFolder, images: Path, accelerator: str) -> pd.DataFrame:
    """Return one row: a run's test accuracy in per cent, and means over sites, or those of the point's one site.

    `removability_code` is the published code's, all layers ablated at once.
    """
    sites = by_site(folder, images, accelerator)
    if point.site is not None:
        sites = sites.loc[[point.site]]
    found = sites.mean().to_frame().T
    found.insert(0, "accuracy", 100 * result_of(folder)["test_accuracy"])
    curve = curves_of(folder, images, CODE_REMOVABILITY, accelerator)
    found["removability_code"] = areas(curve, CODE_REMOVABILITY).mean()
    return found


def measure_units(options: ImageOptions, folder: RunFolder, accelerator: str) -> None:
    """Compute the curves and similarities of a finished run and write them to its folder."""
    by_site(folder, options.data, accelerator)
    curves_of(folder, options.data, CODE_REMOVABILITY, accelerator)


def over_runs(points: Sequence[SizedPoint], trained: Trained, measure: Measure) -> pd.DataFrame:
    """Return means and standard deviations over each point's finished runs.

    Parameters
    ----------
    points
        In the figure's order.
    trained
        Their runs.
    measure
        Returns a run's numbers, a column each. Where it returns several rows, their index says of what they are.

    Returns
    -------
    DataFrame
        Columns series, size, width, learning_rate, the name of the index if it has one, `<number>` and `<number>_sd`,
        and seeds.
    """
    tables = []
    with progress("units", sum(len(trained.finished(point)) for point in points), "runs") as advance:
        for point in points:
            measured = []
            for folder in trained.finished(point):
                measured.append(measure(point, folder))
                advance()
            rows = pd.concat(measured).groupby(level=0, sort=False)
            means, deviations = rows.mean(), rows.std()
            table = pd.DataFrame(index=means.index)
            table["series"], table["size"], table["width"] = point.series, point.size, point.run.network.width
            table["learning_rate"] = point.run.training.learning_rate
            for name in means:
                table[str(name)], table[f"{name}_sd"] = means[name], deviations[name]
            table["seeds"] = len(measured)
            tables.append(table.reset_index() if means.index.name else table)
    return pd.concat(tables, ignore_index=True)
