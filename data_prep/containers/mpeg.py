"""MP3 and raw AAC (ADTS): sequences of frames without checksums, whose number is checked if the file states it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from data_prep.containers.container import Bytes, Container, Irregularity, Sound, check_count, check_size, require
from data_prep.containers.libraries import read_av, read_sndfile

_BITRATES = (
    (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0),  # MPEG 1
    (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0),  # MPEG 2 and 2.5
)
_RATES = (44_100, 48_000, 32_000, 0)
_ADTS_RATES = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350)
_BLOCK = 2**20


@dataclass(frozen=True)
class _Frame:
    """Size, samples per channel, sample rate and channels of a frame, and the properties that must not change."""

    size: int
    samples: int
    rate: int
    channels: int
    kind: tuple[int, ...]


def _mp3_frame(head: bytes) -> _Frame | None:
    """Parse the four bytes of a layer III frame header; return None if they are invalid."""
    if len(head) < 4 or head[0] != 255 or head[1] & 0xE6 != 0xE2:
        return None
    version = head[1] >> 3 & 3  # 3: MPEG 1, 2: MPEG 2, 0: MPEG 2.5
    rate = _RATES[head[2] >> 2 & 3] >> (0, 0, 1, 0)[version] if version else _RATES[head[2] >> 2 & 3] >> 2
    kilobits = _BITRATES[version != 3][head[2] >> 4]
    if version == 1 or not rate or not kilobits:
        return None
    channels = 1 if head[3] >> 6 == 3 else 2
    samples = 1152 if version == 3 else 576
    size = samples // 8 * kilobits * 1000 // rate + (head[2] >> 1 & 1)
    return _Frame(size, samples, rate, channels, (version, rate, channels))


def _adts_frame(head: bytes) -> _Frame | None:
    """Parse the seven bytes of an ADTS frame header; return None if they are invalid."""
    if len(head) < 7 or head[0] != 255 or head[1] & 0xF6 != 0xF0:
        return None
    index = head[2] >> 2 & 15
    size = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    channels = (head[2] & 1) << 2 | head[3] >> 6
    if index >= len(_ADTS_RATES) or size < 7 or not channels:
        return None
    return _Frame(size, 1024 * ((head[6] & 3) + 1), _ADTS_RATES[index], channels, (head[1] & 8, index, channels))


def is_adts(head: bytes) -> bool:
    """Return whether a file with these first bytes is raw AAC."""
    return _adts_frame(head) is not None


def is_mp3(head: bytes) -> bool:
    """Return whether a file with these first bytes is MP3."""
    return _mp3_frame(head) is not None


def _tail(data: Bytes) -> int:
    """Return the end of the frames: the start of an ID3v1 or APE tag, or the end of the file."""
    end = len(data)
    if data[max(0, end - 128) : end][:3] == b"TAG":
        end -= 128
    footer = data[max(0, end - 32) : end]
    if footer[:8] == b"APETAGEX":
        header = 32 if footer[23] & 128 else 0
        end = max(0, end - int.from_bytes(footer[12:16], "little") - header)
    return end


def _frames(data: Bytes, start: int, parse: Callable[[bytes], _Frame | None]) -> list[_Frame]:
    """Return the frames that fill the file from `start`.

    Raises
    ------
    DataError
        If other bytes are between them, or the last frame is cut off.
    """
    end = _tail(data)
    frames: list[_Frame] = []
    position, first, window = start, start, b""
    while position < end:
        if position + 8 > first + len(window):
            first, window = position, data[position : position + _BLOCK]
        head = window[position - first : position - first + 8]
        frame = parse(head)
        right = frame is not None and frame.kind == (frames[0].kind if frames else frame.kind)
        if frame is None or not right:
            require(not data[position:end].strip(b"\0"), f"is cut off or damaged: no frame starts at byte {position}")
            break
        require(position + frame.size <= end, "is cut off inside its last frame")
        frames.append(frame)
        position += frame.size
    require(bool(frames), "holds no samples")
    return frames


def _xing(data: Bytes, start: int, frame: _Frame) -> tuple[int | None, int | None, int]:
    """Read the Xing header in an MP3's first frame.

    Returns
    -------
    frames, padding, headers
        Number of frames stated, samples of delay and padding (None if not stated), and 1 if there is a header, else 0.
    """
    full, mono = frame.samples == 1152, frame.channels == 1
    offset = start + 4 + ((17 if mono else 32) if full else (9 if mono else 17))
    tag = data[offset : offset + 144]
    if tag[:4] not in (b"Xing", b"Info") or len(tag) < 144:
        return None, None, 0
    flags = tag[7]
    place = 8
    announced = int.from_bytes(tag[8:12]) if flags & 1 else None
    place += 4 * (flags & 1) + 4 * (flags >> 1 & 1) + 100 * (flags >> 2 & 1) + 4 * (flags >> 3 & 1)
    encoder = tag[place : place + 24]
    delay = int.from_bytes(encoder[21:24])
    return announced, (delay >> 12) + (delay & 4095) if encoder[:4] in (b"LAME", b"Lavf", b"Lavc") else None, 1


def inspect_mp3(data: Bytes, start: int) -> Container:
    """Return the properties of an MP3 file whose frames start at byte `start`.

    Raises
    ------
    DataError
        If frames are missing, damaged or cut off.
    """
    frames = _frames(data, start, _mp3_frame)
    announced, padding, own = _xing(data, start, frames[0])
    there = len(frames) - own
    check_count(there if announced is None else announced, there)
    irregularities = [Irregularity.LOSSY] + [Irregularity.NO_DELAY] * (padding is None)
    samples = max(0, there * frames[0].samples - (padding or 0))
    check_size(samples, frames[0].channels)
    return Container(
        format="MP3",
        rate=frames[0].rate,
        channels=frames[0].channels,
        frames=samples,
        proven=False,
        irregularities=tuple(irregularities),
        read=partial(_read_mp3, data, start, samples),
    )


def _read_mp3(data: Bytes, start: int, frames: int) -> Sound:
    samples, rate, _ = read_sndfile(data[start:], "float32")  # libsndfile guesses the number of frames without a header
    check_count(frames, len(samples))
    return Sound(samples=samples.astype(np.float32, copy=False), rate=rate)


def inspect_adts(data: Bytes, start: int) -> Container:
    """Return the properties of a raw AAC file; the number of frames is known only after decoding.

    Raises
    ------
    DataError
        If frames are damaged or cut off.
    """
    frames = _frames(data, start, _adts_frame)
    return Container(
        format="AAC",
        rate=frames[0].rate,
        channels=frames[0].channels,
        frames=None,
        proven=False,
        irregularities=(Irregularity.LOSSY, Irregularity.NO_DELAY),
        read=partial(_read_adts, data, start, sum(frame.samples for frame in frames)),
    )


def _read_adts(data: Bytes, start: int, frames: int) -> Sound:
    stream = read_av(data[start:], "aac", "raw AAC")
    check_count(frames, min(frames, len(stream.samples)))  # codecs with spectral band replication double the frames
    return Sound(samples=stream.samples.astype(np.float32, copy=False), rate=stream.rate)
