"""Reading prepared sets."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from common.errors import AscError, DataError
from common.identity import from_plain
from data_prep.arrays import open_array
from data_prep.manifest import CLIPS, LISTED, MANIFEST, SPLIT, Manifest, features_file, read_manifest, waveforms_file
from data_prep.splits import SplitSettings

_DTYPES = {
    **dict.fromkeys((*LISTED, "sha256", "fitted"), "str"),
    **{"bytes": "int64", "silent": "bool", "scale": "float64"},
}


def find_set(path: Path) -> Path:
    """Return the folder of a prepared set, given this folder or a parent that contains exactly one set."""
    if (path / MANIFEST).is_file():
        return path
    found = sorted(manifest.parent for manifest in path.glob(f"*/{MANIFEST}"))
    if not found:
        raise DataError(
            f"no finished prepared set in {path}; make one: python -m asc.prepare --dataset ... --out {path}"
        )
    if len(found) > 1:
        raise DataError(f"{path} holds several prepared sets; name one of {', '.join(map(str, found))}")
    return found[0]


def _read_clips(folder: Path, manifest: Manifest) -> pd.DataFrame:
    path = folder / CLIPS
    try:
        if hashlib.sha256(path.read_bytes()).hexdigest() != manifest.clips:
            raise DataError(f"{path} does not match the manifest; prepare the set again")
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}; prepare the set again") from error
    clips = pd.read_csv(path, dtype=_DTYPES, keep_default_na=False)
    if len(clips) != sum(shard.rows for shard in manifest.shards):
        raise DataError(f"{path} has {len(clips)} rows, the shards have another number; prepare the set again")
    return clips


def read_split(folder: Path) -> SplitSettings:
    """Read the set's default split."""
    path = folder / SPLIT
    try:
        return from_plain(SplitSettings, json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError, AscError) as error:
        raise DataError(f"{path} cannot be used: {error}; prepare the set again") from error


class PreparedSet:
    """A finished prepared set, opened for reading; row i of `clips` is row i of every array.

    The arrays are memory-mapped: opening takes milliseconds, and worker processes share the pages. Unpickling reopens
    the folder.

    Attributes
    ----------
    folder
        Folder of the set.
    identity
        SHA-256 of the set's settings, list rows and file sizes; the folder's hash, unless clips were skipped.
    clips
        The clips table, with `bytes`, `sha256`, `fitted`, `silent` and `scale`.
    scenes
        Names of the scenes in class order (sorted).
    samples
        Length of a waveform.
    shape
        Shape of a spectrogram, (mels, frames).

    Examples
    --------
    A prepared set of one-second clips of noise, as `python -m asc.prepare` writes it:

    >>> import tempfile
    >>> from benchmarks.recordings import prepared_noise
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = prepared_noise(Path(folder), clips=16, seconds=1.0, workers=1)
    ...     prepared = PreparedSet.open(Path(folder, "prepared"))
    ...     print(len(prepared), prepared.scenes, prepared.shape)
    ...     print(prepared.spectrograms(np.array([0, 3])).shape)  # (clip, mel, frame)
    16 ('bus', 'park') (256, 44)
    (2, 256, 44)
    """

    def __init__(self, folder: Path, manifest: Manifest, clips: pd.DataFrame, split: SplitSettings) -> None:
        self.folder, self.manifest, self.clips, self.split_defaults = folder, manifest, clips, split
        self.identity, self.scenes, self.settings = manifest.identity, manifest.scenes, manifest.settings
        self.name, self.features, self.seconds = self.settings.name, self.settings.features, self.settings.seconds
        self.samples, self.shape = self.settings.samples, self.settings.shape
        self.has_waveforms, self.reference_device = self.settings.waveforms, self.settings.reference_device
        rows = [shard.rows for shard in manifest.shards]
        self._ends = np.cumsum(rows)
        self._starts = self._ends - rows
        self._scales = clips["scale"].to_numpy(np.float32)
        self._features = [
            open_array(features_file(folder, number), np.float16, (count, *self.shape))
            for number, count in enumerate(rows)
        ]
        self._waveforms = [
            open_array(waveforms_file(folder, number), np.int16, (count, self.samples))
            for number, count in enumerate(rows)
            if self.has_waveforms
        ]
        self._reject_extra_files()

    @classmethod
    def open(cls, path: Path) -> "PreparedSet":
        """Open the set in the folder `path`, or the only set in a subfolder of `path`.

        Raises
        ------
        DataError
            If there is no finished set, if there are several, or if files do not match the manifest.
        """
        folder = find_set(Path(path))
        manifest = read_manifest(folder)
        return cls(folder, manifest, _read_clips(folder, manifest), read_split(folder))

    def __reduce__(self) -> tuple[Any, ...]:
        return PreparedSet.open, (self.folder,)

    def __len__(self) -> int:
        return len(self.clips)

    def spectrograms(self, rows: NDArray[np.integer[Any]]) -> NDArray[np.float16]:
        """Return the spectrograms of `rows` (n,), float16 (n, mels, frames), not normalised."""
        return self._gather(self._features, rows, np.empty((len(rows), *self.shape), np.float16))

    def waveforms(self, rows: NDArray[np.integer[Any]]) -> tuple[NDArray[np.int16], NDArray[np.float32]]:
        """Return the waveforms of `rows` (n,), int16 (n, samples), and scales (n,); a waveform is int16 * scale.

        Raises
        ------
        DataError
            If the set was prepared without waveforms.
        """
        if not self.has_waveforms:
            raise DataError(f"{self.folder} holds no waveforms; prepare it with --waveforms")
        return self._gather(self._waveforms, rows, np.empty((len(rows), self.samples), np.int16)), self._scales[rows]

    def band_statistics(self, rows: NDArray[np.integer[Any]]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return mean and standard deviation of each mel band over clips and frames, float32 (mels,).

        The statistics are computed in float64, block by block; the result does not depend on the order of `rows`. The
        standard deviation is unbiased.

        Raises
        ------
        DataError
            If there are fewer than two frames.
        """
        total = squares = np.zeros(self.shape[0])
        shift: NDArray[np.float64] | None = None
        ordered = np.sort(np.asarray(rows))
        for first in range(0, len(ordered), 32):
            block = self.spectrograms(ordered[first : first + 32]).astype(np.float64)
            if shift is None:
                shift = block.mean(axis=(0, 2))
            block -= shift[:, None]
            total = total + block.sum(axis=(0, 2))
            squares = squares + np.einsum("nmf,nmf->m", block, block)
        count = len(ordered) * self.shape[1]
        if shift is None or count < 2:
            raise DataError(f"statistics need at least two frames; {len(ordered)} clips with {count} frames were given")
        variance = np.maximum(squares - total**2 / count, 0.0) / (count - 1)
        return (shift + total / count).astype(np.float32), np.sqrt(variance).astype(np.float32)

    def _gather(self, arrays: Sequence[NDArray[Any]], rows: NDArray[Any], out: NDArray[Any]) -> NDArray[Any]:
        rows = np.asarray(rows)
        if len(rows) and not (rows.min() >= 0 and rows.max() < len(self)):
            raise IndexError(f"rows run from 0 to {len(self) - 1}; got {rows.min()} to {rows.max()}")
        shards = np.searchsorted(self._ends, rows, side="right")
        # One copy per clip, directly from the memory map; grouping rows by shard copies twice and is slower.
        for target, shard, row in zip(out, shards.tolist(), (rows - self._starts[shards]).tolist(), strict=True):
            target[...] = arrays[shard][row]
        return out

    def _reject_extra_files(self) -> None:
        declared = len(self._features) + len(self._waveforms)
        present = [*self.folder.glob("features-*.npy"), *self.folder.glob("waveforms-*.npy")]
        if len(present) != declared:
            raise DataError(f"{self.folder} has {len(present)} array files instead of {declared}; prepare it elsewhere")
