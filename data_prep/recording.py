"""Reading a recording: hashing, checking and decoding its file, fitting its length, resampling."""

import functools
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soxr
from numpy.typing import NDArray

from common.errors import DataError
from data_prep.containers.acceptance import Acceptance
from data_prep.containers.container import Container, Irregularity
from data_prep.containers.decoding import decode, inspect
from data_prep.mixing import mix_down

TOLERANCE = 0.010  # seconds by which a clip's length may differ; some TAU files have a frame too many
_LOUDEST = 2.0**31  # float files may exceed full scale, but samples beyond the range of 32-bit integers are invalid


@dataclass(frozen=True)
class Recording:
    """A decoded recording.

    Attributes
    ----------
    channels
        Float32 of shape (frames, channels), full scale 1.
    rate
        Sample rate in Hz.
    sha256
        SHA-256 of the file, 64 hexadecimal digits.
    bytes
        Size of the file.
    irregularities
        Irregularities of the file that do not affect its samples.
    """

    channels: NDArray[np.float32]
    rate: int
    sha256: str
    bytes: int
    irregularities: tuple[Irregularity, ...] = ()

    @functools.cached_property
    def samples(self) -> NDArray[np.float32]:
        """The mean of the channels, shape (frames,)."""
        return mix_down(self.channels)

    @functools.cached_property
    def peak(self) -> float:
        """The largest absolute value of the samples; NaN if a sample is NaN."""
        return max(float(self.channels.max()), -float(self.channels.min()))


def read_recording(path: Path, accept: Acceptance | None = None) -> Recording:
    """Read a recording in any format that `data_prep.containers` supports.

    A recording with only zeros is accepted; warning about it is left to the caller, as for irregularities.

    Parameters
    ----------
    path
        The file.
    accept
        Accepted irregularities; by default all but lossy codecs without checksums.

    Raises
    ------
    DataError
        If the file cannot be read, is incomplete or ambiguous (see `data_prep.containers.container`), has an
        irregularity that is not accepted, is empty, or contains a sample that is not finite. The message gives the
        reason without the file name.

    Examples
    --------
    >>> import soundfile, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     soundfile.write(Path(folder, "silence.wav"), np.zeros((48_000, 2)), 48_000, subtype="PCM_24")
    ...     recording = read_recording(Path(folder, "silence.wav"))
    >>> recording.rate, recording.channels.shape, recording.samples.shape
    (48000, (48000, 2), (48000,))
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}") from error
    if not data:
        raise DataError("is an empty file")
    sound = decode(data, accept)
    channels, rate = sound.samples, sound.rate
    if not len(channels):
        raise DataError("holds no samples")
    recording = Recording(channels, rate, hashlib.sha256(data).hexdigest(), len(data), sound.irregularities)
    if not recording.peak <= _LOUDEST:  # also true for NaN
        frame, channel = np.argwhere(~(np.abs(channels) <= _LOUDEST))[0]
        raise DataError(f"holds {channels[frame, channel]} at frame {frame}, which is not a valid sample")
    return recording


class _FileBytes:
    """A file on disk that can be sliced like bytes; only the requested bytes are read."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.size = file.seek(0, os.SEEK_END)

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, where: slice, /) -> bytes:
        start, stop, _ = where.indices(self.size)
        self.file.seek(start)
        return self.file.read(max(0, stop - start))


def probe(path: Path) -> Container:
    """Return the properties stated in a file's header, without decoding the samples.

    Raises
    ------
    DataError
        If the file cannot be read, is not an audio file, or is visibly incomplete.
    """
    try:
        with path.open("rb") as file:
            return inspect(_FileBytes(file))
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}") from error


def fit_length(samples: NDArray[np.float32], rate: int, seconds: float, fit: bool) -> tuple[NDArray[np.float32], str]:
    """Crop or extend samples to exactly `seconds`.

    A difference of up to 10 ms is corrected by dropping the last samples or appending zeros. With `fit`, longer clips
    are cropped and shorter ones repeated.

    Parameters
    ----------
    samples
        Shape (frames,).
    rate
        Sample rate in Hz.
    seconds
        Required length.
    fit
        Whether clips whose length differs by more than 10 ms are changed.

    Returns
    -------
    samples, change
        Samples of shape (round(seconds * rate),), and "" (unchanged), "trimmed", "padded", "cropped" or "wrapped".

    Raises
    ------
    DataError
        If the length differs by more than 10 ms and `fit` is false.

    Examples
    --------
    >>> samples, change = fit_length(np.zeros(44_110, np.float32), 44_100, 1.0, fit=False)
    >>> len(samples), change
    (44100, 'trimmed')
    """
    wanted = round(seconds * rate)
    excess = len(samples) - wanted
    if excess == 0:
        return samples, ""
    if abs(excess) <= TOLERANCE * rate:
        return (samples[:wanted], "trimmed") if excess > 0 else (np.pad(samples, (0, -excess)), "padded")
    if not fit:
        raise DataError(f"lasts {len(samples) / rate:.3f} s instead of {seconds:g} s; --fit would crop or wrap it")
    return (samples[:wanted], "cropped") if excess > 0 else (np.resize(samples, wanted), "wrapped")


def resample(
    samples: NDArray[np.float32], rate: int, target: int = 22_050, *, length: int | None = None
) -> NDArray[np.float32]:
    """Resample with soxr at quality HQ, the default of `librosa.resample`.

    Parameters
    ----------
    samples
        Shape (frames,), at `rate`.
    rate, target
        Sample rates in Hz before and after.
    length
        Number of samples to return; by default round(frames * target / rate). If the resampler returns one sample more
        or less, the last sample is dropped or a zero appended.

    Returns
    -------
    NDArray
        Float32 of shape (length,).

    Examples
    --------
    >>> resample(np.zeros(44_100, np.float32), 44_100).shape
    (22050,)
    """
    wanted = round(len(samples) * target / rate) if length is None else length
    changed = samples if rate == target else soxr.resample(samples, rate, target, quality="HQ")
    return np.pad(changed[:wanted], (0, max(0, wanted - len(changed))))
