"""AIFF, CAF and W64: checking the chunks of a file and decoding it with libsndfile."""

import struct
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

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
from data_prep.containers.libraries import read_sndfile

_PLAIN = (b"NONE", b"twos", b"sowt", b"in24", b"in32", b"42n1", b"23ni", b"fl32", b"FL32", b"fl64", b"FL64")
_W64_TAIL = bytes.fromhex("f3acd3118cd100c04f8edb8a")
_MOST_CHUNKS = 1_000
_Place = tuple[bytes, int, int]  # name, first byte of the content, its size


def _container(
    whole: Callable[[], bytes],
    name: str,
    rate: float,
    channels: int,
    frames: int | None,
    irregularities: set[Irregularity],
) -> Container:
    require(rate == int(rate), f"states a sampling rate of {rate} Hz, which is not an integer")
    check_rate(int(rate))
    require(channels > 0, "is damaged: its header states 0 channels")
    check_size(frames or 0, channels)
    return Container(
        format=name,
        rate=int(rate),
        channels=channels,
        frames=frames,
        proven=frames is not None,
        irregularities=tuple(sorted({*irregularities, Irregularity.STATED_ONCE})),
        read=partial(_read, whole, int(rate), frames),
    )


def _whole(data: Bytes) -> bytes:
    return data[:]


def _read(whole: Callable[[], bytes], rate: int, frames: int | None) -> Sound:
    samples, found, announced = read_sndfile(whole(), "float32")
    check_count(announced if frames is None else frames, len(samples))
    require(found == rate, f"is damaged: {rate} Hz or {found} Hz")
    return Sound(samples=samples.astype(np.float32, copy=False), rate=rate)


def _walk(
    data: Bytes, position: int, form: str, ahead: int, align: int, irregularities: set[Irregularity]
) -> Iterator[_Place]:
    """Yield the chunks from `position` on; name and size have the struct format `form`.

    The stated size includes `ahead` bytes of the header, and chunks are aligned to multiples of `align` bytes. A
    truncated chunk is yielded as the last one.
    """
    header = struct.calcsize(form)
    for _ in range(_MOST_CHUNKS):
        if position + header > len(data):
            break
        name, size = struct.unpack(form, data[position : position + header])
        yield name, position + header, size - ahead
        if size < ahead or position + header + size - ahead > len(data):
            return
        position += header + size - ahead
        position += -position % align
    if position < len(data):
        irregularities.add(Irregularity.TRAILING)


def _first(places: list[_Place], name: bytes) -> tuple[int, int]:
    found = [(start, size) for other, start, size in places if other == name]
    require(len(found) == 1, f"is cut off or damaged: it has {len(found)} chunks {name!r}")
    return found[0]


def _check_complete(data: Bytes, start: int, size: int) -> None:
    there = len(data) - start
    require(0 <= size <= there, f"is cut off or damaged: {size} bytes of samples are announced, {there} are there")


def inspect_aiff(data: Bytes) -> Container:
    """Return the properties of an AIFF or AIFF-C file.

    Raises
    ------
    DataError
        If samples are missing or compressed, or if the header states two lengths.
    """
    compressed = data[8:12] == b"AIFC"
    require(compressed or data[8:12] == b"AIFF", "is cut off or damaged: no AIFF form follows the FORM mark")
    irregularities = {Irregularity.OUTER_SIZE} if int.from_bytes(data[4:8]) + 8 - len(data) not in (0, -1) else set()
    places = list(_walk(data, 12, ">4sI", 0, 2, irregularities))
    start, size = _first(places, b"COMM")
    _check_complete(data, start, size)
    require(size >= (22 if compressed else 18), "is damaged: it has no complete COMM chunk")
    channels, frames, bits, exponent, mantissa = struct.unpack(">hIhHQ", data[start : start + 18])
    kind = data[start + 18 : start + 22] if compressed else b"NONE"
    require(kind in _PLAIN, f"has samples of the kind {kind!r}; convert it to WAV or FLAC")
    require(exponent < 16_383 + 32, "is damaged: its sampling rate is not one of audio")
    start, size = _first(places, b"SSND")
    _check_complete(data, start, size)
    needed = frames * channels * ((bits + 7) // 8) + int.from_bytes(data[start : start + 4])
    require(size - 8 - needed in (0, 1), f"is cut off or damaged: {frames} frames are not {size - 8} bytes of samples")
    return _container(
        partial(_whole, data), "AIFF", mantissa * 2.0 ** (exponent - 16_383 - 63), channels, frames, irregularities
    )


def inspect_caf(data: Bytes) -> Container:
    """Return the properties of a Core Audio file with PCM samples or Apple's lossless codec.

    Raises
    ------
    DataError
        If samples are missing, or if the codec is a different one.
    """
    irregularities: set[Irregularity] = set()
    places = list(_walk(data, 8, ">4sq", 0, 1, irregularities))
    start, size = _first(places[:1], b"desc")
    require(size == 32 and len(data) >= start + 32, "is cut off or damaged: it has no complete desc chunk")
    rate, kind, _, packet, per_packet, channels, _ = struct.unpack(">d4sIIIII", data[start : start + 32])
    require(kind in (b"lpcm", b"alac"), f"has samples of the kind {kind!r}; convert it to WAV or FLAC")
    require(bool(np.isfinite(rate)), "states no finite sampling rate")
    start, size = _first(places, b"data")
    if size == -1:
        irregularities.add(Irregularity.STREAM_SIZE)
        size = len(data) - start
    _check_complete(data, start, size)
    sized = partial(_with_size, data, start - 8, size)
    if kind == b"alac":
        return _container(sized, "CAF", rate, channels, None, irregularities)
    require(packet > 0 and per_packet == 1, "is damaged: its samples have no size")
    require((size - 4) % packet == 0, f"is cut off or damaged: {size - 4} bytes of samples, not a multiple of {packet}")
    return _container(sized, "CAF", rate, channels, (size - 4) // packet, irregularities)


def _with_size(data: Bytes, place: int, size: int) -> bytes:
    """Return a CAF file with the actual size of its samples, because libsndfile reads none if the size is unknown."""
    return data[:place] + size.to_bytes(8) + data[place + 8 :]


def inspect_w64(data: Bytes) -> Container:
    """Return the properties of a Sony Wave64 file.

    Raises
    ------
    DataError
        If samples are missing or compressed.
    """
    require(data[24:40] == b"wave" + _W64_TAIL, "is cut off or damaged: no wave form follows the riff mark")
    irregularities = {Irregularity.OUTER_SIZE} if int.from_bytes(data[16:24], "little") != len(data) else set()
    found = _walk(data, 40, "<16sQ", 24, 8, irregularities)
    places = [(name[:4], start, size) for name, start, size in found if name[4:] == _W64_TAIL]
    start, size = _first(places, b"fmt ")
    require(size >= 16 and start + size <= len(data), "is cut off or damaged: it has no complete fmt chunk")
    _, channels, rate, byte_rate, align, bits = struct.unpack("<HHIIHH", data[start : start + 16])
    require(align == channels * bits // 8 > 0, f"is damaged: {channels} x {bits} bits are not {align} bytes a frame")
    require(byte_rate == rate * align, f"is damaged: {rate} Hz x {align} bytes are not {byte_rate} bytes a second")
    start, size = _first(places, b"data")
    _check_complete(data, start, size)
    require(size % align == 0, f"is cut off or damaged: {size} bytes of samples, not a multiple of {align}")
    return _container(partial(_whole, data), "W64", rate, channels, size // align, irregularities)
