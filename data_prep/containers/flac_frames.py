"""The frames of a FLAC file, found and proved by their checksums (RFC 9639, section 9)."""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data_prep.containers.container import Oddity, law

_SYNC = re.compile(rb"\xff[\xf8\xf9]")
_RATES = (None, 88200, 176400, 192000, 8000, 16000, 22050, 24000, 32000, 44100, 48000, 96000, None, None, None, 0)
_BITS = (None, 8, 12, 0, 16, 20, 24, 32)
_PERIOD = 32_767  # the powers of x modulo x^16 + x^15 + x^2 + 1 repeat after so many
_BLOCK = 2**19  # bytes whose checksums are computed at once


@dataclass(frozen=True)
class FrameHeader:
    """Where a frame starts, its number (of frames or samples before it), its samples, whether samples are counted."""

    position: int
    number: int
    samples: int
    variable: bool


def frame_rate(data: bytes) -> int | None:
    """Return the sampling rate that a frame's first bytes code; None where it stands elsewhere, 0 where none can."""
    return _RATES[data[2] & 15]


def _crc8_table() -> bytes:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte << 1 ^ 7) & 255 if byte & 128 else byte << 1
        table.append(byte)
    return bytes(table)


def _powers() -> NDArray[np.uint16]:
    """Return x^0, x^1, ... modulo the polynomial of CRC-16, shape (period,)."""
    powers, power = [], 1
    for _ in range(_PERIOD):
        powers.append(power)
        power = (power << 1 ^ 0x8005) & 0xFFFF if power & 0x8000 else power << 1
    return np.array(powers, np.uint16)


_CRC8, _POWERS = _crc8_table(), _powers()


def _number(data: bytes, position: int) -> tuple[int, int]:
    """Return a number coded as in UTF-8, up to 36 bits, and how many bytes it takes; 0 bytes where it is none."""
    first = data[position]
    if first < 128:
        return first, 1
    size = 8 - (first ^ 255).bit_length()
    rest = data[position + 1 : position + size]
    if size < 2 or size > 7 or len(rest) < size - 1 or any(byte >> 6 != 2 for byte in rest):
        return 0, 0
    number = first & (127 >> size)
    for byte in rest:
        number = number << 6 | byte & 63
    return number, size


def _header(data: bytes, position: int, rate: int, channels: int, bits: int) -> FrameHeader | None:
    """Return the frame header at `position` if it is one, has its checksum, and is of this stream."""
    head = data[position : position + 16]
    if len(head) < 16 or head[3] & 1 or head[2] >> 4 == 0:
        return None
    number, size = _number(head, 4)
    end = 4 + size
    code = head[2] >> 4
    samples = 192 if code == 1 else 576 << code - 2 if code < 6 else 256 << code - 8 if code > 7 else 0
    if not samples:
        samples = int.from_bytes(head[end : end + code - 5]) + 1
        end += code - 5
    end += {12: 1, 13: 2, 14: 2}.get(head[2] & 15, 0)
    sum_ = 0
    for byte in head[:end]:
        sum_ = _CRC8[sum_ ^ byte]
    told = head[3] >> 4
    ours = (
        frame_rate(head) in (None, rate)
        and (told + 1 if told < 8 else 2) == channels
        and told < 11
        and _BITS[head[3] >> 1 & 7] in (None, bits)
    )
    return FrameHeader(position, number, samples, bool(head[1] & 1)) if size and ours and head[end] == sum_ else None


def _whole(data: bytes, start: int, ends: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return for each of `ends` (ascending) whether the bytes from `start` to it are frames with right checksums.

    A frame ends with the CRC-16 of what precedes it, so that, taken for a polynomial, it is a multiple of the code's.
    The sum of each byte's remainder is taken up to every end: it is zero where frames end, and nowhere else.
    """
    sums = np.zeros(len(ends), np.uint16)
    carried = np.uint16(0)
    for first in range(start, int(ends[-1]), _BLOCK):
        last = min(first + _BLOCK, int(ends[-1]))
        content = np.frombuffer(data, np.uint8, last - first, first)
        exponents = (8 * (int(ends[-1]) - 1 - np.arange(first, last))) % _PERIOD
        remainders = np.zeros(last - first, np.uint16)
        extended = np.concatenate([_POWERS, _POWERS[:8]])
        for bit in range(8):
            remainders ^= extended[exponents + bit] * (content >> bit & 1)
        total = np.bitwise_xor.accumulate(remainders) ^ carried
        here = (ends > first) & (ends <= last)
        sums[here] = total[ends[here] - first - 1]
        carried = total[-1]
    whole: NDArray[np.bool_] = sums == 0
    return whole


def walk(data: bytes, start: int, rate: int, channels: int, bits: int) -> tuple[int, tuple[Oddity, ...]]:
    """Prove that whole frames fill the file from `start` to its end; return how many samples a channel they hold.

    Parameters
    ----------
    data, start
        The whole file; where its first frame starts.
    rate, channels, bits
        Of the stream, as every frame must have them.

    Returns
    -------
    frames, oddities
        Samples per channel, and whether a tag follows the last frame.

    Raises
    ------
    DataError
        If a frame is missing, damaged or cut off.
    """
    end = len(data) - 128 if data[-128:-125] == b"TAG" else len(data)
    found = (_header(data, match.start(), rate, channels, bits) for match in _SYNC.finditer(data, start, end))
    headers = [header for header in found if header is not None]
    law(bool(headers) and headers[0].position == start, "is cut off before its first frame")
    ends = np.array([*(header.position for header in headers[1:]), end])
    whole = _whole(data, start, ends)
    frames = samples = 0
    for header, right in zip(headers, [True, *whole.tolist()], strict=False):
        if right:
            law(header.number == (samples if header.variable else frames), f"is damaged: frame {frames} is missing")
            frames, samples = frames + 1, samples + header.samples
    law(bool(whole[-1]), f"is cut off or damaged: the checksums do not hold in frame {frames - 1} or after it")
    return samples, (Oddity.TRAILING,) if end < len(data) else ()
