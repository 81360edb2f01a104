"""Files that no encoder at hand writes: FLAC of any depth with samples stored as they are, Ogg pages changed."""

import hashlib
import struct
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

RATE = 44_100
_BITS = {8: 1, 12: 2, 16: 4, 20: 5, 24: 6, 32: 7}


def crc(data: bytes, polynomial: int, bits: int) -> int:
    """Divide bit by bit, as the definition of a cyclic redundancy check says."""
    rest = 0
    for byte in data:
        rest ^= byte << bits - 8
        for _ in range(8):
            rest = rest << 1 ^ (polynomial if rest >> bits - 1 & 1 else 0)
            rest &= (1 << bits) - 1
    return rest


def flac_frames(samples: NDArray[np.integer], bits: int, block: int) -> list[bytes]:
    """Return frames of verbatim subframes (RFC 9639, section 9)."""
    frames = []
    for number, first in enumerate(range(0, len(samples), block)):
        part = samples[first : first + block]
        head = b"\xff\xf8" + bytes([0x79, (samples.shape[1] - 1) << 4 | _BITS[bits] << 1]) + chr(number).encode()
        head += struct.pack(">H", len(part) - 1)
        head += bytes([crc(head, 7, 8)])
        mask = (1 << bits) - 1
        body = "".join(f"00000010{''.join(f'{int(value) & mask:0{bits}b}' for value in channel)}" for channel in part.T)
        body += "0" * (-len(body) % 8)
        frame = head + int(body, 2).to_bytes(len(body) // 8)
        frames.append(frame + struct.pack(">H", crc(frame, 0x8005, 16)))
    return frames


def flac(samples: NDArray[np.integer], bits: int, *, md5: bool = True, total: bool = True, block: int = 256) -> bytes:
    """Return a FLAC file of integers (frames, channels) that states the MD5 and number of its samples, or not."""
    packed = samples.astype("<i4").reshape(-1, 1).view(np.uint8)[:, : (bits + 7) // 8].tobytes()
    frames, channels = samples.shape
    fields = RATE << 44 | channels - 1 << 41 | bits - 1 << 36 | frames * total
    told = hashlib.md5(packed, usedforsecurity=False).digest() if md5 else bytes(16)
    info = struct.pack(">HH6x", block, block) + fields.to_bytes(8) + told
    return b"fLaC\x80" + len(info).to_bytes(3) + info + b"".join(flac_frames(samples, bits, block))


def ogg_pages(data: bytes) -> list[bytes]:
    """Split an Ogg file into pages."""
    pages, start = [], 0
    while start < len(data):
        segments = data[start + 26]
        end = start + 27 + segments + sum(data[start + 27 : start + 27 + segments])
        pages.append(data[start:end])
        start = end
    return pages


def with_page(data: bytes, number: int, change: Callable[[bytearray], None]) -> bytes:
    """Change one page of an Ogg file, and give it the right checksum again."""
    pages = ogg_pages(data)
    page = bytearray(pages[number])
    change(page)
    page[22:26] = bytes(4)
    page[22:26] = crc(bytes(page), 0x04C11DB7, 32).to_bytes(4, "little")
    pages[number] = bytes(page)
    return b"".join(pages)
