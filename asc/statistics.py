"""Mean and deviation of each mel band over a run's training clips: computed once for a set, and kept beside it."""

import hashlib
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from common.errors import AscError
from common.files import atomic_path
from data_prep.storage import PreparedSet

Statistics = tuple[NDArray[np.float32], NDArray[np.float32]]


def statistics_file(prepared: PreparedSet, rows: NDArray[np.int64]) -> Path:
    """Return where the statistics of these rows are kept: in the set's folder, named by what they are of."""
    what = hashlib.sha256(prepared.identity.encode() + np.sort(rows).astype("<i8").tobytes()).hexdigest()
    return prepared.folder / f"statistics-{what[:16]}.npy"


def band_statistics(prepared: PreparedSet, rows: NDArray[np.int64]) -> Statistics:
    """Return `prepared.band_statistics(rows)`, read where it has been computed before.

    Every run on the same training clips needs them, and each would read all of these clips to the last. Where the
    set's folder cannot be written to, they are computed anew.
    """
    file = statistics_file(prepared, rows)
    with suppress(OSError, ValueError, EOFError):
        kept = np.load(file, allow_pickle=False)
        if kept.dtype == np.float32 and kept.shape == (2, prepared.shape[0]) and np.isfinite(kept).all():
            return kept[0], kept[1]
    mean, deviation = prepared.band_statistics(rows)
    with suppress(AscError), atomic_path(file) as temporary, temporary.open("wb") as target:
        np.save(target, np.stack([mean, deviation]))
    return mean, deviation
