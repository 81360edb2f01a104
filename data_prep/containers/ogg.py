"""Ogg files with Vorbis, Opus or FLAC, whose pages have checksums and numbers (RFC 3533)."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from data_prep.containers.container import Bytes, Container, Irregularity, Sound, check_count, check_rate, require
from data_prep.containers.flac import stream_fields
from data_prep.containers.libraries import read_sndfile

_REVERSED_BITS = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_FIRST, _LAST = 2, 4  # flags of a page
_NOWHERE = 2**64 - 1  # the position of a page on which no packet ends
_OPUS_RATES = (8_000, 12_000, 16_000, 24_000, 48_000)


@dataclass(frozen=True)
class _Page:
    """A page: flags, position (samples up to the end of its last complete packet), stream, page number, bytes."""

    flags: int
    position: int
    serial: int
    number: int
    data: bytes

    @property
    def unfinished(self) -> bool:
        """Whether its last packet continues on the next page."""
        return self.data[26] > 0 and self.data[26 + self.data[26]] == 255

    @property
    def content(self) -> bytes:
        """The bytes after the header."""
        return self.data[27 + self.data[26] :]

    def packed(self) -> bytes:
        """Return the bytes of the page with the current flags and position, and a new checksum."""
        page = struct.pack("<4sBBQ", b"OggS", 0, self.flags, self.position) + self.data[14:]
        return page[:22] + struct.pack("<I", _checksum(page)) + page[26:]


def _checksum(page: bytes) -> int:
    """Return the CRC-32 of an Ogg page (RFC 3533, section 6): zlib's with reversed bits and without inversions."""
    blank = page[:22] + bytes(4) + page[26:]
    reflected = zlib.crc32(blank.translate(_REVERSED_BITS), 0xFFFF_FFFF) ^ 0xFFFF_FFFF
    return int(f"{reflected:032b}"[::-1], 2)


def _pages(data: Bytes) -> Iterator[_Page]:
    """Yield the pages up to the end of the file, or up to other bytes after the page with the end mark."""
    position, flags = 0, 0
    while position < len(data):
        head = data[position : position + 27 + 255]
        if head[:5] != b"OggS\0" and flags & _LAST:
            return
        require(head[:5] == b"OggS\0", f"is damaged: no Ogg page starts at byte {position}")
        require(len(head) >= 27, "is cut off inside a page's header")
        flags, place, serial, number = struct.unpack_from("<BQII", head, 5)
        lacing = head[27 : 27 + head[26]]
        end = position + 27 + head[26] + sum(lacing)
        require(end <= len(data), "is cut off inside a page")
        yield _Page(flags, place, serial, number, data[position:end])
        position = end


def _checked(data: Bytes) -> list[_Page]:
    """Return the pages of the file after checking checksums, order, and that they form one complete stream."""
    pages = list(_pages(data))
    for count, page in enumerate(pages):
        stated = struct.unpack_from("<I", page.data, 22)[0]
        require(_checksum(page.data) == stated, f"is damaged: page {page.number}'s checksum")
        right = (page.serial, page.number) == (pages[0].serial, count)
        require(right, f"is damaged: page {page.number} of stream {page.serial} out of order")
        require(bool(page.flags & _FIRST) == (count == 0), f"is damaged: page {page.number} starts a stream")
    require(len(pages) > 1 and not pages[-1].unfinished, "is cut off inside a packet")
    return pages


def _codec(first: bytes) -> tuple[str, int, int, int, int]:
    """Read codec, sample rate, channels, samples to skip, and positions per sample from the first packet."""
    if first[:7] == b"\1vorbis" and len(first) >= 30:
        return "Ogg Vorbis", int.from_bytes(first[12:16], "little"), first[11], 0, 1
    if first[:8] == b"OpusHead" and len(first) >= 19:
        skip, stated = struct.unpack_from("<HI", first, 10)
        rate = stated if stated in _OPUS_RATES else 48_000
        return "Ogg Opus", rate, first[9], skip, 48_000 // rate
    if first[:5] == b"\x7fFLAC" and len(first) >= 51:
        rate, channels, _ = stream_fields(first[9:])
        return "Ogg FLAC", rate, channels, 0, 1
    require(False, "is an Ogg file that contains neither Vorbis, Opus nor FLAC")
    raise AssertionError


def inspect(data: Bytes) -> Container:
    """Return the properties of an Ogg file whose pages are complete and in order.

    Raises
    ------
    DataError
        If a page is missing, damaged, cut off or part of another stream.
    """
    pages = _checked(data)
    name, rate, channels, skip, step = _codec(pages[0].content)
    check_rate(rate)
    irregularities = []
    if not pages[-1].flags & _LAST:
        irregularities.append(Irregularity.NO_END_MARK)
    if sum(len(page.data) for page in pages) < len(data):
        irregularities.append(Irregularity.TRAILING)
    frames = max(0, pages[-1].position - skip) // step if pages[-1].position != _NOWHERE else None
    return Container(
        format=name,
        rate=rate,
        channels=channels,
        frames=frames,
        proven=False,
        irregularities=tuple(irregularities),
        read=partial(_read, pages),
    )


def _read(pages: list[_Page]) -> Sound:
    """Decode the pages; if samples are missing, decode again without the positions of all pages but the last.

    libvorbis drops samples at the end if the position of an earlier page is too high, which FFmpeg can write (see
    findings/ogg_vorbis_positions.sh). Only the last position is needed, because packets state their length.
    """
    irregularities: tuple[Irregularity, ...] = ()
    last = replace(pages[-1], flags=pages[-1].flags | _LAST)
    samples, rate, frames = read_sndfile(b"".join([*(page.data for page in pages[:-1]), last.packed()]), "float32")
    if len(samples) != frames:
        blank = [page if page.position == 0 else replace(page, position=_NOWHERE) for page in pages[:-1]]
        samples, rate, frames = read_sndfile(b"".join(page.packed() for page in [*blank, last]), "float32")
        irregularities = (Irregularity.PAGE_POSITIONS,)
    check_count(frames, len(samples))
    return Sound(samples=samples.astype(np.float32, copy=False), rate=rate, irregularities=irregularities)
