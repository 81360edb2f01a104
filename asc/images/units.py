"""Removability and repetition of units in finished runs, measured once and cached in the run's folder."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from torch import Tensor

from asc.images.task import TESTED, ImageTask
from asc.kept import Arrays, kept_arrays, kept_table
from asc.loading import load_run
from asc.run_folder import RunFolder
from common.errors import ConfigError
from common.identity import digest
from evaluation.units.removability import ablation_curves
from evaluation.units.repetition import pair_correlations, repetition_table, unit_correlations
from evaluation.units.settings import RemovabilitySettings, RepetitionSettings
from models.network import unit_sites


@dataclass(frozen=True)
class _TestInputs:
    """Test inputs of a run, loaded batch by batch."""

    task: ImageTask

    def __len__(self) -> int:
        return math.ceil(self.task.size("test") / TESTED)

    def __iter__(self) -> Iterator[Tensor]:
        return (inputs for inputs, _ in self.task.part("test"))


def _images(task: object) -> ImageTask:
    if not isinstance(task, ImageTask):
        raise ConfigError("run", type(task).__name__, "a run on images, for measuring units")
    return task


def curves_of(folder: RunFolder, images: Path, settings: RemovabilitySettings, accelerator: str) -> pd.DataFrame:
    """Return the ablation curves of a finished run on its test examples, see `ablation_curves`.

    Raises
    ------
    RunError, DataError
        As `load_run`, or if a cached result cannot be read.
    """

    def measure() -> pd.DataFrame:
        loaded = load_run(folder, images, accelerator)
        return ablation_curves(loaded.network, _TestInputs(_images(loaded.task)), unit_sites(loaded.network), settings)

    return kept_table(folder.path / f"curves-{digest(settings)[:8]}.csv", measure, ("site",))


def _correlations(
    folder: RunFolder, images: Path, settings: RepetitionSettings, accelerator: str, *sites: str
) -> dict[str, NDArray[np.float64]]:
    loaded = load_run(folder, images, accelerator)
    return unit_correlations(
        loaded.network, _TestInputs(_images(loaded.task)), sites or unit_sites(loaded.network), settings
    )


def similarity_of(folder: RunFolder, images: Path, settings: RepetitionSettings, accelerator: str) -> pd.DataFrame:
    """Return how many other units each unit repeats, by site, in a finished run on its test examples.

    See `repetition_table`.

    Raises
    ------
    RunError, DataError
        As `load_run`, or if a cached result cannot be read.
    """

    def measure() -> pd.DataFrame:
        return repetition_table(_correlations(folder, images, settings, accelerator), settings)

    return kept_table(folder.path / f"similarity-{digest(settings)[:8]}.csv", measure, ("site",))


def pairs_of(
    folder: RunFolder, images: Path, settings: RepetitionSettings, accelerator: str, site: str
) -> NDArray[np.float32]:
    """Return |r| of all pairs of units at one site of a finished run, from the first sampling.

    See `pair_correlations`.

    Raises
    ------
    ConfigError, RunError, DataError
        As `unit_correlations` and `load_run`, or if a cached result cannot be read.
    """

    def measure() -> Arrays:
        units = _correlations(folder, images, settings, accelerator, site)[site][0]
        return {"pairs": pair_correlations(units).astype(np.float32)}

    return kept_arrays(folder.path / f"pairs-{site}-{digest(settings)[:8]}.npz", measure)["pairs"]
