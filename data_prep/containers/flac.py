"""FLAC files, verified by the MD5 of their samples or, without it, by the checksums of all frames."""

import hashlib
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from data_prep.containers.container import (
    Bytes,
    Container,
    Irregularity,
    Sound,
    check_count,
    check_rate,
    check_size,
    require,
)
from data_prep.containers.flac_frames import frame_rate, walk
from data_prep.containers.libraries import read_av, read_sndfile

_BY_SNDFILE = (8, 16, 24)
_BLOCK = 2**20  # frames hashed at once


@dataclass(frozen=True, kw_only=True)
class _Info:
    """The stream information; `md5` is empty and `frames` is 0 if the encoder did not know them."""

    rate: int
    channels: int
    bits: int
    frames: int
    md5: bytes
    first: int  # where the first frame starts
    confirmed: bool  # whether frames state the rate too


def stream_fields(head: bytes) -> tuple[int, int, int]:
    """Return sample rate, channels and bits per sample stated in the first 42 bytes of a FLAC stream."""
    fields = int.from_bytes(head[18:26])
    return fields >> 44, (fields >> 41 & 7) + 1, (fields >> 36 & 31) + 1


def _read_info(data: Bytes, start: int) -> _Info:
    head = data[start : start + 42]
    require(len(head) == 42 and head[4] & 127 == 0, "is damaged: no stream information comes first")
    position, last = start + 4, False
    while not last:
        block = data[position : position + 4]
        require(len(block) == 4, "is cut off before its first frame")
        last = block[0] >= 128
        position += 4 + int.from_bytes(block[1:])
    frame = data[position : position + 16]
    require(len(frame) > 9 and frame[0] == 255, "is cut off before its first frame")
    rate, channels, bits = stream_fields(head)
    stated = frame_rate(frame)
    require(stated in (None, rate), f"is damaged: {rate} Hz is not the rate of its first frame")
    return _Info(
        rate=rate,
        channels=channels,
        bits=bits,
        frames=int.from_bytes(head[21:26]) & (1 << 36) - 1,
        md5=head[26:42] if any(head[26:42]) else b"",
        first=position,
        confirmed=stated is not None,
    )


def inspect(data: Bytes, start: int = 0) -> Container:
    """Return the properties of a FLAC stream that starts at byte `start`.

    Raises
    ------
    DataError
        If the file is cut off before its first frame, or its header is contradictory.
    """
    info = _read_info(data, start)
    check_rate(info.rate)
    check_size(info.frames, info.channels)
    possible = {
        Irregularity.NO_MD5: not info.md5,
        Irregularity.NO_TOTAL: not info.frames,
        Irregularity.STATED_ONCE: not info.confirmed,
    }
    return Container(
        format="FLAC",
        rate=info.rate,
        channels=info.channels,
        frames=info.frames or None,
        proven=False,
        irregularities=tuple(irregularity for irregularity, found in possible.items() if found),
        read=partial(_read, data, start, info),
    )


def _read(data: Bytes, start: int, info: _Info) -> Sound:
    file = data[start:]
    irregularities: tuple[Irregularity, ...] = ()
    if not info.md5 or not info.frames:
        frames, irregularities = walk(file, info.first - start, info.rate, info.channels, info.bits)
        check_count(info.frames or frames, frames)
        info = replace(info, frames=frames)
        file = _with_frames(file, frames)
    integers = _integers(file, info)
    check_count(info.frames, len(integers))
    require(not info.md5 or _md5(integers, info.bits) == info.md5, "is damaged: the MD5 of its samples differs")
    samples = integers.astype(np.float32)
    samples *= np.float32(2.0 ** (1 - info.bits))
    return Sound(samples=samples, rate=info.rate, irregularities=irregularities)


def _with_frames(file: bytes, frames: int) -> bytes:
    """Return the file with the number of frames in its header, because libsndfile reads nothing without it."""
    check_size(frames, 1)
    fields = int.from_bytes(file[18:26]) & ~((1 << 36) - 1) | frames
    return file[:18] + fields.to_bytes(8) + file[26:]


def _integers(file: bytes, info: _Info) -> NDArray[np.int32]:
    """Return the decoded samples with `info.bits` bits, int32 (frames, channels)."""
    if info.bits in _BY_SNDFILE:
        samples = read_sndfile(file, "int32")[0]
    else:
        samples = read_av(file, "flac", f"FLAC of {info.bits} bits").samples
    integers: NDArray[np.int32] = samples.astype("<i4", copy=False)
    integers >>= 32 - info.bits
    return integers


def _md5(integers: NDArray[np.int32], bits: int) -> bytes:
    digest = hashlib.md5(usedforsecurity=False)
    for first in range(0, len(integers), _BLOCK):
        block = np.ascontiguousarray(integers[first : first + _BLOCK])
        digest.update(block.reshape(-1, 1).view(np.uint8)[:, : (bits + 7) // 8].tobytes())
    return digest.digest()
