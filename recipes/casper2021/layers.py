"""Removability and similarity of single layers against size: Figures B6 to B9 of Casper 2021."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from asc.run_folder import RunFolder
from recipes.casper2021.measuring import by_site, over_runs
from recipes.casper2021.sizes import SizedPoint
from recipes.casper2021.unit_figures import UNITS, draw_panels, footer_of
from recipes.images import ImageOptions
from recipes.trained import Picture, Trained

INCEPTION_LAYERS = {7: "last 35 x 35", 12: "last 17 x 17", 15: "last 8 x 8"}


def stage_names(stages: int) -> dict[int, str]:
    """Return the names of a ResNet's layers by their positions among its sites."""
    return {0: "first convolution"} | {stage: f"block layer {stage}" for stage in range(1, stages + 1)}


def layer_figure(options: ImageOptions, trained: Trained, layers: Mapping[int, str], **axis: Any) -> Picture:
    """Measure layers, given by their positions among the network's sites, and draw a line for each."""

    def measure(_point: SizedPoint, folder: RunFolder) -> pd.DataFrame:
        sites = by_site(folder, options.data, trained.accelerator)
        return sites.iloc[list(layers)].set_axis(pd.Index(layers.values(), name="layer"))

    found = over_runs(trained.points, trained, measure).rename(columns={"series": "network"})
    table = pd.concat([found[found["layer"] == name] for name in layers.values()]).rename(columns={"layer": "series"})
    return Picture(draw_panels(table, UNITS, **axis), table, footer_of(trained, table))
