"""Decoding with libsndfile and, for formats of phones, with PyAV (FFmpeg), which is optional."""

import contextlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

from common.errors import DataError
from data_prep.containers.container import MOST_SAMPLES, check_count, check_size, require

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer

_MOST_CHANNELS = 7  # PyAV reads invalid memory for more channels


@dataclass(frozen=True, kw_only=True)
class Stream:
    """An audio stream decoded by FFmpeg.

    Attributes
    ----------
    samples
        Shape (frames, channels): integers scaled to 32 bits, or floats with full scale 1.
    rate
        Sample rate in Hz.
    codec
        FFmpeg's name of the codec.
    delayed
        Whether the file states the codec's delay, which was removed.
    """

    samples: NDArray[np.int32] | NDArray[np.float32]
    rate: int
    codec: str
    delayed: bool


class _Memory(io.BytesIO):
    """A file in memory that ignores seeks to negative positions, which the sizes in damaged files can cause."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Change the position, unless it would be negative; return the position."""
        with contextlib.suppress(ValueError):
            super().seek(offset, whence)
        return self.tell()


def read_sndfile(data: bytes, dtype: Literal["int32", "float32"]) -> tuple[NDArray[np.generic], int, int]:
    """Decode with libsndfile.

    Returns
    -------
    samples, rate, frames
        Shape (frames, channels); sample rate in Hz; number of frames in the header, which may be larger.

    Raises
    ------
    DataError
        If libsndfile cannot decode the file.
    """
    try:
        with sf.SoundFile(_Memory(data)) as file:
            check_size(file.frames, file.channels)
            samples: NDArray[np.generic] = file.read(dtype=dtype, always_2d=True)
            return samples, file.samplerate, file.frames
    except sf.LibsndfileError as error:
        raise DataError(f"cannot be decoded: {error.error_string}") from error


def read_av(data: bytes, container: str, what: str) -> Stream:
    """Decode the audio stream of a file with FFmpeg, which removes the codec's delay if the file states it.

    Parameters
    ----------
    data
        The file.
    container
        FFmpeg's name of the container. No other container is tried, so that a file cannot act as a playlist.
    what
        Name of the format for messages.

    Raises
    ------
    DataError
        If PyAV is not installed, if the file does not have exactly one audio stream, or if decoding fails.
    """
    try:
        import av
    except ImportError as error:
        raise DataError(f"is {what}, which PyAV reads; install it: pip install av==18.1.0") from error
    try:
        with av.open(io.BytesIO(data), format=container, metadata_errors="replace") as file:
            require(len(file.streams.audio) == 1, f"has {len(file.streams.audio)} audio streams instead of one")
            return _decode(file, file.streams.audio[0])
    except av.error.FFmpegError as error:
        raise DataError(f"cannot be decoded: {error.strerror}") from error
    except (ValueError, OverflowError) as error:  # sizes and names that PyAV cannot represent
        raise DataError(f"cannot be decoded: {error}") from error


def _decode(file: "InputContainer", stream: "AudioStream") -> Stream:
    parts: list[NDArray[np.generic]] = []
    kinds: set[tuple[int, int, str]] = set()
    packets, size, first = 0, 0, None
    for packet in file.demux(stream):
        packets += packet.size > 0
        first = packet.pts if first is None else first
        for frame in packet.decode():
            channels = frame.layout.nb_channels
            require(channels <= _MOST_CHANNELS, f"has {channels} channels; at most {_MOST_CHANNELS} are read from it")
            kinds.add((frame.sample_rate, channels, frame.format.packed.name))
            samples = frame.to_ndarray()
            parts.append(samples.T if frame.format.is_planar else samples.reshape(-1, channels))
            size += samples.size
            require(size <= MOST_SAMPLES, f"holds more than {MOST_SAMPLES} samples")
    require(len(kinds) > 0, "holds no samples")
    require(len(kinds) == 1, "changes its sampling rate, channels or format within the file")
    check_count(stream.frames or packets, packets, "packets")
    rate = kinds.pop()[0]
    # MP4 states the end of the recording within the last packet; for other containers, FFmpeg's duration is a guess.
    stated = "mov" in file.format.name and stream.duration is not None
    end = round(stream.duration * stream.time_base * rate) if stated else None
    samples = np.concatenate(parts)[: end or None]
    if samples.dtype == np.int16:
        samples = samples.astype(np.int32) << 16
    require(samples.dtype in (np.int32, np.float32), f"has samples of an unknown kind ({samples.dtype})")
    return Stream(samples=samples, rate=rate, codec=stream.codec_context.name, delayed=first is not None and first < 0)
