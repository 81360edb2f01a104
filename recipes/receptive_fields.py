"""Effective receptive fields of a figure's points side by side, each the mean over seeds."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure

from asc.run_folder import RunFolder
from asc.scenes.maps import extents_of, map_of, reading
from evaluation.erf import ErfMap, Layer, mean_map
from evaluation.erf_plots import draw_maps
from recipes.comparisons import name
from recipes.points import sizes_of
from recipes.scenes import TrainedScenes
from recipes.trained import Picture


def receptive_fields(trained: TrainedScenes, *, layer: Layer, span: int | None = None) -> Picture:
    """Draw the map of each point, and list the extents of each run.

    Parameters
    ----------
    layer
        Which layer is the penultimate one.
    span
        Number of mel bands and frames to show around the centre; by default as many as all maps need.
    """
    panels, rows = [], []
    for point in trained.points:
        maps = _maps(trained, trained.finished(point), layer)
        panels.append((name(point), mean_map([erf for _, erf in maps])))
        rows += [
            {
                "series": point.series,
                **sizes_of(point.run),
                "seed": folder.description().seed,
                "layer": layer,
                **extents_of(erf, trained.prepared.features),
            }
            for folder, erf in maps
        ]
    drawn = draw_maps(panels, span=span) if panels else Figure(figsize=(7.2, 1), layout="constrained")
    shown = reading(trained.prepared.features, layer, [erf for _, erf in panels]) if panels else "no map."
    shown += " A panel is the mean over runs, each scaled to the same sum; the CSV has every run's extents."
    return Picture(drawn, pd.DataFrame(rows), trained.footer(shown))


def _maps(trained: TrainedScenes, folders: Sequence[RunFolder], layer: Layer) -> list[tuple[RunFolder, ErfMap]]:
    return [(folder, map_of(folder, trained.prepared, layer, trained.accelerator)) for folder in folders]
