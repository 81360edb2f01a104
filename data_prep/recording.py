"""One recording: its bytes read once, hashed, checked, decoded, brought to a length and a rate."""

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
from data_prep.containers.container import Container, Oddity
from data_prep.containers.decoding import decode, inspect
from data_prep.mixing import mix_down

TOLERANCE = 0.010  # seconds by which a clip's length may be off; real TAU files have a frame too many
_LOUDEST = 2.0**31  # float files may exceed full scale; beyond 32-bit integers' range they hold something else


@dataclass(frozen=True)
class Recording:
    """A decoded recording.

    Attributes
    ----------
    channels
        Float32 of shape (frames, channels), full scale 1.
    rate
        Frames per second.
    sha256
        Of the file, 64 hexadecimal digits.
    bytes
        Size of the file.
    oddities
        What is odd about the file though its samples are all there.
    """

    channels: NDArray[np.float32]
    rate: int
    sha256: str
    bytes: int
    oddities: tuple[Oddity, ...] = ()

    @functools.cached_property
    def samples(self) -> NDArray[np.float32]:
        """The mean of the channels, shape (frames,)."""
        return mix_down(self.channels)

    @functools.cached_property
    def peak(self) -> float:
        """The largest size of a sample; NaN where one is."""
        return max(float(self.channels.max()), -float(self.channels.min()))


def read_recording(path: Path, accept: Acceptance | None = None) -> Recording:
    """Read a file of any kind that `data_prep.containers` knows, unless samples are missing.

    An all-zero recording is a recording; whoever reads it may warn, as of oddities.

    Parameters
    ----------
    path
        The file.
    accept
        Which oddities are accepted; those of files without loss where not given.

    Raises
    ------
    DataError
        If the file cannot be read, is not whole or has more than one reading (see `data_prep.containers.container`), is
        odd in a way that is not accepted, is empty, or holds a sample that is not finite. The message gives the reason;
        the caller knows the name.
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
    recording = Recording(channels, rate, hashlib.sha256(data).hexdigest(), len(data), sound.oddities)
    if not recording.peak <= _LOUDEST:  # so written that NaN fails it
        frame, channel = np.argwhere(~(np.abs(channels) <= _LOUDEST))[0]
        raise DataError(f"holds {channels[frame, channel]} at frame {frame}, which is no sample of sound")
    return recording


class _FileBytes:
    """A file on disk, sliced like bytes: only what is asked for is read."""

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
    """Return what a file says of its sound, decoding nothing.

    Raises
    ------
    DataError
        If it cannot be read, is no audio file, or is visibly not whole.
    """
    try:
        with path.open("rb") as file:
            return inspect(_FileBytes(file))
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}") from error


def fit_length(samples: NDArray[np.float32], rate: int, seconds: float, fit: bool) -> tuple[NDArray[np.float32], str]:
    """Bring samples to exactly `seconds`.

    Within 10 ms of it, frames are dropped from the end or zeros appended. Beyond that, `fit` keeps the beginning of
    what is longer and repeats what is shorter.

    Parameters
    ----------
    samples
        Shape (frames,).
    rate
        Frames per second.
    seconds
        The wanted length.
    fit
        Whether a clip of another length may be changed.

    Returns
    -------
    samples, what
        round(seconds * rate) samples, and "" (as it was), "trimmed", "padded", "cropped" or "wrapped".

    Raises
    ------
    DataError
        If the length is another and `fit` is off.
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
    """Resample with soxr's HQ quality, as librosa does by default.

    Parameters
    ----------
    samples
        Shape (frames,), at `rate`.
    rate, target
        Frames per second before and after.
    length
        Frames wanted after; round(frames * target / rate) where not given. Rounding may make it differ by a frame from
        what the resampler returns; that frame is dropped, or a zero.

    Returns
    -------
    NDArray
        Float32 of shape (length,).
    """
    wanted = round(len(samples) * target / rate) if length is None else length
    changed = samples if rate == target else soxr.resample(samples, rate, target, quality="HQ")
    return np.pad(changed[:wanted], (0, max(0, wanted - len(changed))))
