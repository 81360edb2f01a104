"""WAV files: the format chunk, and its consistency with the other chunks."""

import struct
from functools import partial

from data_prep.containers import pcm
from data_prep.containers.container import RATES, Bytes, Container, Irregularity, Sound, check_rate, require
from data_prep.containers.riff import Chunks, walk

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_ENCODINGS = {(_PCM, 8), (_PCM, 16), (_PCM, 24), (_PCM, 32), (_FLOAT, 32), (_FLOAT, 64)}
_GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")
_AMBISONIC_TAIL = bytes.fromhex("00002107d3118644c8c1ca000000")
_UNKNOWN = 0xFFFF_FFFF


def _format(data: Bytes, chunks: Chunks) -> tuple[int, int, int, int, int, int]:
    """Check the fmt chunk; return (tag, channels, sample rate, bytes per frame, bits, valid bits)."""
    require(chunks.places.get(b"fmt ", (0, 0))[1] >= 16, "is damaged: it has no complete fmt chunk")
    offset, size = chunks.places[b"fmt "]
    content = data[offset : offset + min(size, 40)]
    tag, channels, rate, byte_rate, align, bits = struct.unpack_from("<HHIIHH", content)
    valid = bits
    if size > 16 and (size < 18 or struct.unpack_from("<H", content, 16)[0] != size - 18):
        chunks.irregularities.add(Irregularity.FORMAT_LEFTOVERS)
    if tag == _EXTENSIBLE:
        require(size >= 40, "is damaged: its extensible fmt chunk is too short")
        valid, tag = struct.unpack_from("<H", content, 18)[0], struct.unpack_from("<H", content, 24)[0]
        require(content[26:40] in (_GUID_TAIL, _AMBISONIC_TAIL), "has samples of an unknown kind (its format GUID)")
        require(valid <= bits, f"is damaged: {valid} of {bits} bits cannot be valid")
        if content[26:40] == _AMBISONIC_TAIL:
            chunks.irregularities.add(Irregularity.AMBISONIC)
        if valid == 0:
            chunks.irregularities.add(Irregularity.FORMAT_LEFTOVERS)
            valid = bits
    kinds = "8, 16, 24, 32 bit integers and 32, 64 bit floats are read"
    require((tag, bits) in _ENCODINGS, f"has samples of format {tag} with {bits} bits; {kinds}")
    require(channels > 0, "is damaged: its header states 0 channels")
    require(align == channels * bits // 8, f"is damaged: {channels} x {bits} bits are not {align} bytes a frame")
    if byte_rate != rate * align:
        _check_byte_rate(byte_rate, rate, channels, align)
        chunks.irregularities.add(Irregularity.BYTE_RATE)
    return tag, channels, rate, align, bits, valid


def _check_byte_rate(byte_rate: int, rate: int, channels: int, align: int) -> None:
    """Raise DataError if a wrong number of bytes per second makes a different sampling rate likely."""
    forgotten = {0, rate, *(rate * channels * size for size in range(1, 9))}  # by writers that omit bits or channels
    likely = rate in RATES and (byte_rate in forgotten or byte_rate % align or byte_rate // align not in RATES)
    require(bool(likely), f"is damaged: {rate} Hz x {align} bytes are not {byte_rate} bytes a second")


def _check_fact(data: Bytes, chunks: Chunks, frames: int, channels: int) -> None:
    offset, size = chunks.places.get(b"fact", (0, 0))
    if size >= 4 and struct.unpack("<I", data[offset : offset + 4])[0] not in (frames, frames * channels, _UNKNOWN):
        chunks.irregularities.add(Irregularity.FACT)


def read_layout(data: Bytes) -> tuple[pcm.SampleLayout, int, Chunks]:
    """Check a WAV file; return the layout of its samples, the sample rate, and the chunks.

    Raises
    ------
    DataError
        If samples are missing, or the header is ambiguous.
    """
    chunks = walk(data)
    tag, channels, rate, align, bits, valid = _format(data, chunks)
    check_rate(rate)
    require(b"data" in chunks.places, "is damaged: it has no data chunk")
    offset, size = chunks.places[b"data"]
    left = size % align
    if (
        left == 1
        and Irregularity.STREAM_SIZE in chunks.irregularities
        and data[offset + size - 1 : offset + size] == b"\0"
    ):
        left = 0  # the pad byte of a stream
    require(left == 0, f"is cut off or damaged: {size} bytes of samples, not a multiple of {align}")
    _check_fact(data, chunks, size // align, channels)
    if (tag, bits) == (_PCM, 32):
        # One flipped bit of the tag turns floats into integers; files of integers do not have these chunks.
        first = chunks.places[b"fmt "][0]
        plain = data[first : first + 2] == struct.pack("<H", _PCM)
        contradicted = b"PEAK" in chunks.places or (plain and b"fact" in chunks.places)
        require(not contradicted, "is damaged: its header states integers, but it has the chunks of a file of floats")
    layout = pcm.SampleLayout(
        channels=channels, bits=bits, floating=tag == _FLOAT, valid=valid, offset=offset, frames=size // align
    )
    return layout, rate, chunks


def inspect(data: Bytes) -> Container:
    """Return the properties of a RIFF, RF64 or BW64 file; see `read_layout`."""
    layout, rate, chunks = read_layout(data)
    return Container(
        format="WAV",
        rate=rate,
        channels=layout.channels,
        frames=layout.frames,
        irregularities=tuple(sorted(chunks.irregularities)),
        read=partial(_read, data, layout, rate),
    )


def _read(data: Bytes, layout: pcm.SampleLayout, rate: int) -> Sound:
    whole = data[:]
    require(not pcm.are_floats(whole, layout), "is damaged: its header states integers, but its samples are floats")
    samples, low = pcm.decode(whole, layout)
    return Sound(samples=samples, rate=rate, irregularities=(Irregularity.LOW_BITS,) if low else ())
