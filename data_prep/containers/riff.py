"""The chunks of RIFF, RF64 and BW64 files, and the start and end of their samples.

The length of the samples follows from up to three sources: the data chunk, the size of the file and the chunks after
the samples, and the file size in the header. If they disagree, the file is read only if one interpretation is possible.
"""

import struct
from dataclasses import dataclass, field

from data_prep.containers.container import Bytes, Irregularity, require

_WIDE = 0xFFFF_FFFF  # a 32-bit size that refers to the ds64 chunk
_NEAR = 0x2000  # writers to pipes state the largest possible size, up to the size of the header
_AFTER = (b"LIST", b"id3 ", b"ID3 ", b"bext", b"iXML", b"cue ", b"smpl", b"fact", b"PEAK", b"_PMX", b"axml", b"cart")
_KNOWN = {*_AFTER, b"fmt ", b"data", b"ds64", b"JUNK", b"junk", b"PAD ", b"FLLR", b"inst", b"chna", b"minf", b"elm1"}
_TAGS = (b"TAG", b"ID3", b"APETAGEX")
_MOST_AFTER, _WINDOW = 16, 2**20  # chunks, and bytes, searched after samples of unknown length


@dataclass
class Chunks:
    """The chunks of a file.

    Attributes
    ----------
    places
        Position and size of each chunk's content, by name.
    irregularities
        Irregularities of their order and sizes.
    outer
        File size stated in the header; None for a stream of unknown length.
    start, end
        Start and end of the last chunk's content.
    """

    places: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    irregularities: set[Irregularity] = field(default_factory=set)
    outer: int | None = None
    start: int = 12
    end: int = 12

    @property
    def padded(self) -> int:
        """End of the last chunk including its pad byte."""
        return self.end + (self.end - self.start) % 2


def walk(data: Bytes) -> Chunks:
    """Find the chunks of a file.

    Raises
    ------
    DataError
        If the file is cut off, or the end of its samples is ambiguous.
    """
    require(len(data) >= 12 and data[8:12] == b"WAVE", "is cut off or damaged: no WAVE form follows the RIFF mark")
    (riff_size,) = struct.unpack("<I", data[4:8])
    long_size = None
    if data[:4] != b"RIFF":
        require(len(data) >= 48 and data[12:16] == b"ds64", "is cut off or damaged: no ds64 chunk comes first")
        long_riff_size, long_size = struct.unpack("<QQ", data[20:36])
        riff_size = long_riff_size if riff_size == _WIDE else riff_size
    chunks = Chunks(outer=None if _is_stream(riff_size) else riff_size + 8)
    position = 12
    while position < len(data):
        name, size = _header(data, position)
        if name == b"data" and name not in chunks.places:
            size = _data_size(data, position + 8, size, long_size, chunks)
        if not _fits(data, position, name, size):
            _classify_rest(data, position, chunks)
            return chunks
        _keep(data, name, position + 8, size, chunks)
        chunks.start, chunks.end = position + 8, position + 8 + size
        position = _next(data, chunks)
    # It is common that the last chunk lacks its pad byte, or that the RIFF size does not include it.
    if chunks.outer is None:
        chunks.irregularities.add(Irregularity.STREAM_SIZE)
    elif chunks.outer not in (len(data), chunks.end if chunks.padded == len(data) else len(data)):
        chunks.irregularities.add(Irregularity.OUTER_SIZE)
    return chunks


def _header(data: Bytes, position: int) -> tuple[bytes, int]:
    return data[position : position + 4], int.from_bytes(data[position + 4 : position + 8], "little")


def _is_stream(size: int) -> bool:
    return size == 0 or any(abs(size - top) <= _NEAR for top in (0x8000_0000, _WIDE, 2**64 - 1))


def _is_name(name: bytes) -> bool:
    return len(name) == 4 and all(32 <= byte < 127 for byte in name)


def _fits(data: Bytes, position: int, name: bytes, size: int) -> bool:
    return 0 <= size <= len(data) - position - 8 and _is_name(name)


def _data_size(data: Bytes, offset: int, size: int, long_size: int | None, chunks: Chunks) -> int:
    """Return the size of the samples; it is searched for if the header has the size of an unfinished stream."""
    size = long_size if long_size is not None and size == _WIDE else size
    there = len(data) - offset
    if _is_stream(size) and there > 0 and (size > there or (size == 0 and not _is_chain(data, offset))):
        chunks.irregularities.add(Irregularity.STREAM_SIZE)
        return _end_of_stream(data, offset) - offset
    if size == there:  # a flipped bit of the size could have included the next chunk
        ends = [offset + (size ^ 1 << bit) for bit in range(size.bit_length()) if size >> bit & 1]
        swallowed = any(_header(data, end)[0] in _AFTER and _leads_to(data, end, len(data)) for end in ends)
        require(not swallowed, "is damaged: its last samples are a chunk of metadata")
    return size


def _leads_to(data: Bytes, position: int, end: int) -> bool:
    """Return whether the chunk at `position` ends at `end`, with or without a pad byte."""
    size = _header(data, position)[1]
    return end - position - 8 in (size, size + size % 2)


def _is_chain(data: Bytes, position: int) -> bool:
    """Return whether chunks with known names fill the file from `position` to its end."""
    while position < len(data):
        name, size = _header(data, position)
        if name not in _KNOWN or size > len(data) - position - 8:
            return False
        position += 8 + size + size % 2
    return True


def _end_of_stream(data: Bytes, offset: int) -> int:
    """Return the end of samples of unknown length: the start of the chunks after them, or the end of the file."""
    end = len(data)
    for _ in range(_MOST_AFTER):
        first = max(offset, end - _WINDOW)
        window = data[first:end]
        places = [first + place for place in map(window.rfind, _AFTER) if place >= 0]
        found = [place for place in places if _leads_to(data, place, end)]
        if not found:
            break
        end = min(found)
    return end


def _keep(data: Bytes, name: bytes, offset: int, size: int, chunks: Chunks) -> None:
    """Store the position of a chunk, unless there is one with the same name."""
    if name in chunks.places and name in (b"data", b"ds64", b"fmt "):
        first, other = chunks.places[name]
        same = name == b"fmt " and data[first : first + other] == data[offset : offset + size]
        require(same, f"is damaged: it has two chunks {name!r}")
        chunks.irregularities.add(Irregularity.FORMAT_LEFTOVERS)
    elif name == b"fact" and name in chunks.places:
        chunks.irregularities.add(Irregularity.FACT)
    chunks.places.setdefault(name, (offset, size))


def _next(data: Bytes, chunks: Chunks) -> int:
    """Return the start of the next chunk: after the pad byte, or at a known chunk name nearby."""
    padded = chunks.padded
    if padded >= len(data) or data[padded : padded + 4] in _KNOWN:
        return padded
    for other in (chunks.end, padded + 1, padded + 2, padded + 3):
        if data[other : other + 4] in _KNOWN and not data[chunks.end : other].strip(b"\0"):
            chunks.irregularities.add(Irregularity.PADDING)
            return other
    return padded


def _classify_rest(data: Bytes, position: int, chunks: Chunks) -> None:
    """Classify the bytes from `position` to the file's end, which are not a valid chunk.

    Raises
    ------
    DataError
        If they may be samples, or if no samples precede them.
    """
    name, size = _header(data, position)
    there = len(data) - position - 8
    metadata = name in _AFTER or (len(name) < 4 and any(known.startswith(name) for known in _AFTER))
    if b"data" in chunks.places:
        tag = chunks.outer in (position, chunks.end) or data[position : position + 8].startswith(_TAGS)
        tag = tag or (chunks.outer is None and not data[position : len(data)].strip(b"\0"))
        if metadata or tag:
            chunks.irregularities.add(Irregularity.CUT_METADATA if metadata else Irregularity.TRAILING)
            return
    require(there >= 0, "is cut off inside a chunk's header")
    require(_is_name(name), f"is damaged: {name!r} is not a valid chunk name")
    require(False, f"is cut off or damaged: chunk {name!r} announces {size} bytes, {there} are there")
