"""What a file says of its sound, before and after decoding, and what is odd about it though nothing is missing.

One law decides: a file is refused only if samples are missing, or if what its header says about rate, channels, sample
format or length admits more than one reading. Whatever else is wrong with it is an `Oddity`: the samples are read, and
who reads them is told.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from common.errors import DataError

Samples: TypeAlias = NDArray[np.float32]
MOST_SAMPLES = 2**31  # frames times channels of one file; compressed files can announce any number
LOWEST_RATE, HIGHEST_RATE = 1_000, 768_000
RATES = frozenset(
    base * factor for base in (8_000, 11_025, 12_000) for factor in (1, 2, 4, 8, 16, 32)
)  # those that recorders use


class Oddity(StrEnum):
    """What can be wrong with a file whose samples are all there; the text is that of a warning about many files."""

    OUTER_SIZE = "the size that the header gives of the file is not the file's; the samples are all there"
    STREAM_SIZE = "the size in the header is that of a stream; read to the end"
    TRAILING = "bytes follow the end of the recording; left out"
    CUT_METADATA = "metadata after the samples is cut off or damaged; the samples are all there"
    FACT = "the fact chunk gives another number of frames than there are; those that are there are read"
    BYTE_RATE = "the number of bytes per second contradicts the sampling rate, which is believed"
    PADDING = "chunks are not padded to an even size, or padded to more"
    FORMAT_LEFTOVERS = "the format chunk has bytes that its format does not use, or is there twice"
    LOW_BITS = "the valid bits are the low ones of 32, where the format has the high ones; read as they are"
    AMBISONIC = "the channels are an ambisonic sound field, not microphones"
    TAG_IN_FRONT = "a tag stands before the recording; passed over"
    NO_MD5 = "FLAC without the MD5 of its samples; the checksum of each frame holds"
    NO_TOTAL = "FLAC that does not say how many samples there are; read to the end, frame by frame"
    NO_END_MARK = "Ogg without an end mark (the recorder was stopped, or wrote to a pipe); read to the last page"
    PAGE_POSITIONS = "Ogg whose pages count samples otherwise than its packets do; the last page's count is kept"
    STATED_ONCE = "rate or format are stated once (as in AIFF, CAF, W64), so damage to the header may not show"
    LOSSY = "coded with loss and without checksums (MP3, AAC, AMR): upper bands may be empty, damage may not show"
    NO_DELAY = "the file does not state its codec's delay; some hundredths of a second may precede the recording"


class Bytes(Protocol):
    """The bytes of a file, in memory or not: what can be sliced."""

    def __len__(self) -> int:
        """Return the file's size."""

    def __getitem__(self, where: slice, /) -> bytes:
        """Return the bytes from `where.start` to `where.stop`, fewer at the file's end."""


@dataclass(frozen=True, kw_only=True)
class Sound:
    """A decoded file: float32 samples of shape (frames, channels), full scale 1; frames per second; what is odd."""

    samples: Samples
    rate: int
    oddities: tuple[Oddity, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Container:
    """What a file says of its sound, after every law has held that can be checked without decoding.

    Attributes
    ----------
    format
        Name of the format.
    rate, channels
        Frames per second, samples per frame, as stated; some codecs double them.
    frames
        How many frames there are; None where only decoding tells.
    proven
        Whether the frames are known to be there, without decoding.
    oddities
        What is wrong with the file though its samples are there.
    read
        Decodes; the oddities of what it returns are those that only decoding shows. Raises DataError where samples are
        missing. To be called where the whole file is in memory.
    """

    format: str
    rate: int
    channels: int
    frames: int | None
    proven: bool = True
    oddities: tuple[Oddity, ...] = ()
    read: Callable[[], Sound]


def require(holds: bool, broken: str) -> None:
    """Raise DataError, saying what is broken, unless a law holds."""
    if not holds:
        raise DataError(broken)


def check_rate(rate: int) -> None:
    """Raise DataError where a rate is none of sound."""
    require(LOWEST_RATE <= rate <= HIGHEST_RATE, f"says {rate} Hz, which is no sampling rate of sound")


def check_size(frames: int, channels: int) -> None:
    """Raise DataError where a file announces more samples than are decoded at once."""
    most = f"at most {MOST_SAMPLES} samples are read at once"
    require(frames * channels <= MOST_SAMPLES, f"announces {frames} frames of {channels} channels; {most}")
