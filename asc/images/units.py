"""How removable and how repeated a finished run's units are, measured once and kept in its folder."""

from pathlib import Path

import pandas as pd

from asc.images.loading import load_image_run
from asc.run_folder import RunFolder
from common.errors import RunError
from common.files import write_text
from common.identity import digest
from evaluation.units.removability import ablation_curves
from evaluation.units.repetition import repetition_table, unit_correlations
from evaluation.units.settings import RemovabilitySettings, RepetitionSettings
from models.vision.architectures import unit_sites


def _kept(path: Path) -> pd.DataFrame | None:
    if not path.is_file():
        return None
    try:
        return pd.read_csv(path, dtype={"site": str})
    except ValueError as error:
        raise RunError(f"{path} cannot be read: {error}; delete it to measure again") from error


def curves_of(folder: RunFolder, images: Path, settings: RemovabilitySettings, accelerator: str) -> pd.DataFrame:
    """Return the ablation curves of a finished run on its test examples, see `ablation_curves`.

    Raises
    ------
    RunError, DataError
        As `load_image_run`, or if what was kept cannot be read.
    """
    path = folder.path / f"curves-{digest(settings)[:8]}.csv"
    found = _kept(path)
    if found is None:
        loaded = load_image_run(folder, images, accelerator)
        inputs = (inputs for inputs, _ in loaded.batches.part("test"))
        found = ablation_curves(loaded.network, inputs, unit_sites(loaded.network), settings)
        write_text(path, found.to_csv(index=False, lineterminator="\n"))
    return found


def similarity_of(folder: RunFolder, images: Path, settings: RepetitionSettings, accelerator: str) -> pd.DataFrame:
    """Return how many others each site's units repeat, in a finished run on its test examples, see `repetition_table`.

    Raises
    ------
    RunError, DataError
        As `load_image_run`, or if what was kept cannot be read.
    """
    path = folder.path / f"similarity-{digest(settings)[:8]}.csv"
    found = _kept(path)
    if found is None:
        loaded = load_image_run(folder, images, accelerator)
        inputs = [inputs for inputs, _ in loaded.batches.part("test")]
        correlations = unit_correlations(loaded.network, inputs, unit_sites(loaded.network), settings)
        found = repetition_table(correlations, settings)
        write_text(path, found.to_csv(index=False, lineterminator="\n"))
    return found
