"""Properties of audio files before and after decoding, and irregularities that do not affect the samples.

A file is rejected only if samples are missing, or if its header is ambiguous about sample rate, channels, sample format
or length. Every other deviation from the format is an `Irregularity`: the samples are read, and the caller is informed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from common.errors import DataError

Samples: TypeAlias = NDArray[np.float32]
MOST_SAMPLES = 2**31  # frames times channels of one file; compressed files can state any number
LOWEST_RATE, HIGHEST_RATE = 1_000, 768_000
# Sampling rates that recorders use.
RATES = frozenset(base * factor for base in (8_000, 11_025, 12_000) for factor in (1, 2, 4, 8, 16, 32))


class Irregularity(StrEnum):
    """Irregularities of a file whose samples are complete; the texts are those of warnings about files."""

    OUTER_SIZE = "the file size in the header is wrong; the samples are complete"
    STREAM_SIZE = "the header has the size of an unfinished stream; read to the end of the file"
    TRAILING = "bytes after the end of the recording are ignored"
    CUT_METADATA = "metadata after the samples is cut off or damaged; the samples are complete"
    FACT = "the fact chunk states a wrong number of frames; all frames are read"
    BYTE_RATE = "the bytes per second in the header contradict the sampling rate, which is used"
    PADDING = "chunks are not padded to an even size, or padded too much"
    FORMAT_LEFTOVERS = "the format chunk has unused bytes, or occurs twice"
    LOW_BITS = "the valid bits are the low ones of 32 instead of the high ones; read as low bits"
    AMBISONIC = "the channels are an ambisonic sound field, not microphones"
    TAG_IN_FRONT = "a tag before the recording is ignored"
    NO_MD5 = "FLAC without the MD5 of its samples; the checksums of all frames are valid"
    NO_TOTAL = "FLAC without the number of samples; read to the end of the file, frame by frame"
    NO_END_MARK = "Ogg without an end mark (the recorder was stopped, or wrote to a pipe); read to the last page"
    PAGE_POSITIONS = "Ogg with wrong sample counts in its pages; the count of the last page is used"
    STATED_ONCE = "rate or format are stated only once (as in AIFF, CAF, W64), so damage to the header may go unnoticed"
    LOSSY = "lossy codec without checksums (MP3, AAC, AMR): upper bands may be empty, damage may go unnoticed"
    NO_DELAY = "the file does not state its codec's delay; some hundredths of a second may precede the recording"


class Bytes(Protocol):
    """The bytes of a file, in memory or on disk, which can be sliced."""

    def __len__(self) -> int:
        """Return the file's size."""

    def __getitem__(self, where: slice, /) -> bytes:
        """Return the bytes from `where.start` to `where.stop`, fewer at the file's end."""


@dataclass(frozen=True, kw_only=True)
class Sound:
    """A decoded file: float32 samples (frames, channels), full scale 1; sample rate in Hz; irregularities."""

    samples: Samples
    rate: int
    irregularities: tuple[Irregularity, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Container:
    """Properties of a file that passed all checks that are possible without decoding.

    Attributes
    ----------
    format
        Name of the format.
    rate, channels
        Sample rate in Hz and number of channels in the header; some codecs double them while decoding.
    frames
        Number of frames; None if it is known only after decoding.
    proven
        Whether the file is known to be complete without decoding.
    irregularities
        Irregularities of the file.
    read
        Function that decodes the file, which must be in memory. Its result has the irregularities found by decoding;
        it raises DataError if samples are missing.
    """

    format: str
    rate: int
    channels: int
    frames: int | None
    proven: bool = True
    irregularities: tuple[Irregularity, ...] = ()
    read: Callable[[], Sound]


def require(holds: bool, broken: str) -> None:
    """Raise DataError with the message `broken` unless the condition `holds`."""
    if not holds:
        raise DataError(broken)


def check_count(stated: int, found: int, unit: str = "frames") -> None:
    """Raise DataError if a file does not contain as many frames (or packets) as it states."""
    require(found == stated, f"is cut off: {stated} {unit} are announced, {found} are there")


def check_rate(rate: int) -> None:
    """Raise DataError if a rate is not a sampling rate of audio."""
    require(LOWEST_RATE <= rate <= HIGHEST_RATE, f"states {rate} Hz, which is not a sampling rate of audio")


def check_size(frames: int, channels: int) -> None:
    """Raise DataError if a file states more samples than can be decoded at once."""
    most = f"at most {MOST_SAMPLES} samples are read at once"
    require(frames * channels <= MOST_SAMPLES, f"announces {frames} frames of {channels} channels; {most}")
