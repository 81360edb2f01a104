"""AIFF, CAF and W64: chunks that say where the samples are, decoded by libsndfile."""

import struct
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from data_prep.containers.container import Bytes, Container, Oddity, Sound, check_rate, check_size, require
from data_prep.containers.libraries import read_sndfile

_PLAIN = (b"NONE", b"twos", b"sowt", b"in24", b"in32", b"42n1", b"23ni", b"fl32", b"FL32", b"fl64", b"FL64")
_W64_TAIL = bytes.fromhex("f3acd3118cd100c04f8edb8a")
_MOST_CHUNKS = 1_000
_Place = tuple[bytes, int, int]  # name, first byte of the content, its size


def _container(
    whole: Callable[[], bytes], name: str, rate: float, channels: int, frames: int | None, oddities: set[Oddity]
) -> Container:
    require(rate == int(rate), f"says {rate} Hz, which is no whole number")
    check_rate(int(rate))
    require(channels > 0, "is damaged: it says that it has no channels")
    check_size(frames or 0, channels)
    return Container(
        format=name,
        rate=int(rate),
        channels=channels,
        frames=frames,
        proven=frames is not None,
        oddities=tuple(sorted({*oddities, Oddity.STATED_ONCE})),
        read=partial(_read, whole, int(rate), frames),
    )


def _whole(data: Bytes) -> bytes:
    return data[:]


def _read(whole: Callable[[], bytes], rate: int, frames: int | None) -> Sound:
    samples, found, announced = read_sndfile(whole(), "float32")
    wanted = announced if frames is None else frames
    require(len(samples) == wanted, f"is cut off: {wanted} frames are announced, {len(samples)} are there")
    require(found == rate, f"is damaged: {rate} Hz or {found} Hz")
    return Sound(samples=samples.astype(np.float32, copy=False), rate=rate)


def _walk(data: Bytes, position: int, form: str, ahead: int, align: int, oddities: set[Oddity]) -> Iterator[_Place]:
    """Yield the chunks from `position` on, whose name and size have the struct format `form`.

    `ahead` bytes of the size are those of its own header; chunks start at multiples of `align`. A chunk that is cut off
    is yielded too, and is the last.
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
        oddities.add(Oddity.TRAILING)


def _first(places: list[_Place], name: bytes) -> tuple[int, int]:
    found = [(start, size) for other, start, size in places if other == name]
    require(len(found) == 1, f"is cut off or damaged: it has {len(found)} chunks {name!r}")
    return found[0]


def _there(data: Bytes, start: int, size: int) -> None:
    there = len(data) - start
    require(0 <= size <= there, f"is cut off or damaged: {size} bytes of samples are announced, {there} are there")


def inspect_aiff(data: Bytes) -> Container:
    """Return what an AIFF or AIFF-C file says of its sound.

    Raises
    ------
    DataError
        If samples are missing, are compressed, or have two lengths.
    """
    compressed = data[8:12] == b"AIFC"
    require(compressed or data[8:12] == b"AIFF", "is cut off or damaged: no AIFF form follows the FORM mark")
    oddities = {Oddity.OUTER_SIZE} if int.from_bytes(data[4:8]) + 8 - len(data) not in (0, -1) else set()
    places = list(_walk(data, 12, ">4sI", 0, 2, oddities))
    start, size = _first(places, b"COMM")
    _there(data, start, size)
    require(size >= (22 if compressed else 18), "is damaged: it has no complete COMM chunk")
    channels, frames, bits, exponent, mantissa = struct.unpack(">hIhHQ", data[start : start + 18])
    kind = data[start + 18 : start + 22] if compressed else b"NONE"
    require(kind in _PLAIN, f"has samples of the kind {kind!r}; convert it to WAV or FLAC")
    require(exponent < 16_383 + 32, "is damaged: its rate is no sampling rate of sound")
    start, size = _first(places, b"SSND")
    _there(data, start, size)
    needed = frames * channels * ((bits + 7) // 8) + int.from_bytes(data[start : start + 4])
    require(size - 8 - needed in (0, 1), f"is cut off or damaged: {frames} frames are not {size - 8} bytes of samples")
    return _container(
        partial(_whole, data), "AIFF", mantissa * 2.0 ** (exponent - 16_383 - 63), channels, frames, oddities
    )


def inspect_caf(data: Bytes) -> Container:
    """Return what a Core Audio file says of its sound: plain samples, or Apple's lossless codec.

    Raises
    ------
    DataError
        If samples are missing, or coded otherwise.
    """
    oddities: set[Oddity] = set()
    places = list(_walk(data, 8, ">4sq", 0, 1, oddities))
    start, size = _first(places[:1], b"desc")
    require(size == 32 and len(data) >= start + 32, "is cut off or damaged: it has no complete desc chunk")
    rate, kind, _, packet, per_packet, channels, _ = struct.unpack(">d4sIIIII", data[start : start + 32])
    require(kind in (b"lpcm", b"alac"), f"has samples of the kind {kind!r}; convert it to WAV or FLAC")
    require(bool(np.isfinite(rate)), "says no sampling rate of sound")
    start, size = _first(places, b"data")
    if size == -1:
        oddities.add(Oddity.STREAM_SIZE)
        size = len(data) - start
    _there(data, start, size)
    mended = partial(_with_size, data, start - 8, size)
    if kind == b"alac":
        return _container(mended, "CAF", rate, channels, None, oddities)
    require(packet > 0 and per_packet == 1, "is damaged: its samples have no size")
    require((size - 4) % packet == 0, f"is cut off or damaged: {size - 4} bytes of samples are no multiple of {packet}")
    return _container(mended, "CAF", rate, channels, (size - 4) // packet, oddities)


def _with_size(data: Bytes, place: int, size: int) -> bytes:
    """Return a CAF file with the size of its samples, of which libsndfile reads none where it is that of a stream."""
    return data[:place] + size.to_bytes(8) + data[place + 8 :]


def inspect_w64(data: Bytes) -> Container:
    """Return what a Sony Wave64 file says of its sound.

    Raises
    ------
    DataError
        If samples are missing, or compressed.
    """
    require(data[24:40] == b"wave" + _W64_TAIL, "is cut off or damaged: no wave form follows the riff mark")
    oddities = {Oddity.OUTER_SIZE} if int.from_bytes(data[16:24], "little") != len(data) else set()
    found = _walk(data, 40, "<16sQ", 24, 8, oddities)
    places = [(name[:4], start, size) for name, start, size in found if name[4:] == _W64_TAIL]
    start, size = _first(places, b"fmt ")
    require(size >= 16 and start + size <= len(data), "is cut off or damaged: it has no complete fmt chunk")
    _, channels, rate, byte_rate, align, bits = struct.unpack("<HHIIHH", data[start : start + 16])
    require(align == channels * bits // 8 > 0, f"is damaged: {channels} x {bits} bits are not {align} bytes a frame")
    require(byte_rate == rate * align, f"is damaged: {rate} Hz x {align} bytes are not {byte_rate} bytes a second")
    start, size = _first(places, b"data")
    _there(data, start, size)
    require(size % align == 0, f"is cut off or damaged: {size} bytes of samples are no multiple of {align}")
    return _container(partial(_whole, data), "W64", rate, channels, size // align, oddities)
