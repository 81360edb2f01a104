"""Mean and standard deviation of mel bands over training clips, computed once and cached in the prepared set."""

import hashlib
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asc.kept import read_arrays, write_arrays
from common.errors import AscError
from data_prep.storage import PreparedSet

Statistics = tuple[NDArray[np.float32], NDArray[np.float32]]


def statistics_file(prepared: PreparedSet, rows: NDArray[np.int64]) -> Path:
    """Return the cache file of the statistics of these rows in the set's folder."""
    what = hashlib.sha256(prepared.identity.encode() + np.sort(rows).astype("<i8").tobytes()).hexdigest()
    return prepared.folder / f"statistics-{what[:16]}.npz"


def band_statistics(prepared: PreparedSet, rows: NDArray[np.int64]) -> Statistics:
    """Return `prepared.band_statistics(rows)` from the cache, or compute it by reading all of these clips.

    If the cache file cannot be read or written, the statistics are computed every time.
    """
    file = statistics_file(prepared, rows)
    with suppress(AscError):
        kept = [value for _, value in sorted(read_arrays(file).items(), reverse=True)]
        if all(each.shape == (prepared.shape[0],) and np.isfinite(each).all() for each in kept) and len(kept) == 2:
            return kept[0], kept[1]
    mean, deviation = prepared.band_statistics(rows)
    with suppress(AscError):
        write_arrays(file, {"mean": mean, "deviation": deviation})
    return mean, deviation
