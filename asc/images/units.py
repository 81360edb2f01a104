"""How removable and how repeated a finished run's units are, measured once and kept in its folder."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from torch import Tensor

from asc.images.batches import TESTED, ImageBatches
from asc.images.loading import load_image_run
from asc.run_folder import RunFolder
from common.errors import RunError
from common.files import atomic_path, write_text
from common.identity import digest
from evaluation.units.removability import ablation_curves
from evaluation.units.repetition import pair_correlations, repetition_table, unit_correlations
from evaluation.units.settings import RemovabilitySettings, RepetitionSettings
from models.vision.architectures import unit_sites


@dataclass(frozen=True)
class _TestInputs:
    """What a run is tested on, batch by batch, never all in memory."""

    batches: ImageBatches

    def __len__(self) -> int:
        return math.ceil(self.batches.size("test") / TESTED)

    def __iter__(self) -> Iterator[Tensor]:
        return (inputs for inputs, _ in self.batches.part("test"))


def _unreadable(path: Path, error: Exception) -> RunError:
    return RunError(f"{path} cannot be read: {error}; delete it to measure again")


def _once(path: Path, measure: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """Return the table at `path`, or measure it and keep it there."""
    if path.is_file():
        try:
            return pd.read_csv(path, dtype={"site": str})
        except ValueError as error:
            raise _unreadable(path, error) from error
    found = measure()
    write_text(path, found.to_csv(index=False, lineterminator="\n"))
    return found


def curves_of(folder: RunFolder, images: Path, settings: RemovabilitySettings, accelerator: str) -> pd.DataFrame:
    """Return the ablation curves of a finished run on its test examples, see `ablation_curves`.

    Raises
    ------
    RunError, DataError
        As `load_image_run`, or if what was kept cannot be read.
    """

    def measure() -> pd.DataFrame:
        loaded = load_image_run(folder, images, accelerator)
        return ablation_curves(loaded.network, _TestInputs(loaded.batches), unit_sites(loaded.network), settings)

    return _once(folder.path / f"curves-{digest(settings)[:8]}.csv", measure)


def _correlations(
    folder: RunFolder, images: Path, settings: RepetitionSettings, accelerator: str, *sites: str
) -> dict[str, NDArray[np.float64]]:
    loaded = load_image_run(folder, images, accelerator)
    return unit_correlations(loaded.network, _TestInputs(loaded.batches), sites or unit_sites(loaded.network), settings)


def similarity_of(folder: RunFolder, images: Path, settings: RepetitionSettings, accelerator: str) -> pd.DataFrame:
    """Return how many others each site's units repeat, in a finished run on its test examples, see `repetition_table`.

    Raises
    ------
    RunError, DataError
        As `load_image_run`, or if what was kept cannot be read.
    """

    def measure() -> pd.DataFrame:
        return repetition_table(_correlations(folder, images, settings, accelerator), settings)

    return _once(folder.path / f"similarity-{digest(settings)[:8]}.csv", measure)


def pairs_of(
    folder: RunFolder, images: Path, settings: RepetitionSettings, accelerator: str, site: str
) -> NDArray[np.float32]:
    """Return |r| of all pairs of units of one site of a finished run, see `pair_correlations`; of the first sampling.

    Raises
    ------
    ConfigError, RunError, DataError
        As `unit_correlations` and `load_image_run`, or if what was kept cannot be read.
    """
    path = folder.path / f"pairs-{site}-{digest(settings)[:8]}.npy"
    if path.is_file():
        try:
            return np.asarray(np.load(path, allow_pickle=False))
        except (OSError, EOFError, ValueError) as error:
            raise _unreadable(path, error) from error
    found = pair_correlations(_correlations(folder, images, settings, accelerator, site)[site][0]).astype(np.float32)
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.save(file, found)
    return found
