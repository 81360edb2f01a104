"""Finding the frames of a FLAC file and verifying their checksums (RFC 9639, section 9)."""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data_prep.containers.container import Irregularity, require

_SYNC = re.compile(rb"\xff[\xf8\xf9]")
_RATES = (None, 88200, 176400, 192000, 8000, 16000, 22050, 24000, 32000, 44100, 48000, 96000, None, None, None, 0)
_SAMPLES = (0, 192, 576, 1152, 2304, 4608, 0, 0, *(256 << power for power in range(8)))
_STATED = {12: (1, 1000), 13: (2, 1), 14: (2, 10)}  # explicit sample rates: number of bytes, unit in Hz
_BITS = (None, 8, 12, 0, 16, 20, 24, 32)
_PERIOD = 32_767  # after which the powers of x modulo x^15 + x + 1 repeat
_BLOCK = 2**19  # bytes processed at once


@dataclass(frozen=True)
class FrameHeader:
    """Header of a frame.

    Attributes
    ----------
    position
        First byte of the frame.
    number
        Number of frames before it, or of samples if the block size is `variable`.
    samples
        Samples per channel.
    variable
        Whether the stream has a variable block size.
    """

    position: int
    number: int
    samples: int
    variable: bool


def _crc8_table() -> bytes:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte << 1 ^ 7) & 255 if byte & 128 else byte << 1
        table.append(byte)
    return bytes(table)


def _remainders() -> tuple[NDArray[np.int32], NDArray[np.uint16]]:
    """Return tables for the CRC-16 of many prefixes at once: discrete logarithms of bytes, and powers of x.

    The generator of the CRC is (x + 1)(x^15 + x + 1), and x generates the multiplicative group modulo the second
    factor. The remainder of byte * x^n, for n below two periods, is therefore at the index logarithm of the byte + n.
    The byte 0 has no logarithm; its index points to zeros.
    """
    powers = [1]
    while len(powers) < _PERIOD:
        powers.append(powers[-1] << 1 ^ (0x8003 if powers[-1] & 0x4000 else 0))
    logarithms = np.full(256, 3 * _PERIOD, np.int32)
    for exponent, power in enumerate(powers):
        if power < 256:
            logarithms[power] = exponent
    zeros = np.zeros(2 * _PERIOD, np.uint16)
    return logarithms, np.concatenate([np.tile(np.array(powers, np.uint16), 3), zeros])


_CRC8 = _crc8_table()
_LOGARITHMS, _REMAINDERS = _remainders()
_PARITIES = np.array([byte.bit_count() % 2 << 15 for byte in range(256)], np.uint16)  # remainders modulo x + 1
_EXPONENTS = (-8 * np.arange(_BLOCK) % _PERIOD).astype(np.int32)  # the exponent falls by 8 with each byte


def _number(data: bytes, position: int) -> tuple[int, int]:
    """Decode a number of up to 36 bits in UTF-8 coding; return it and its length in bytes, 0 if it is invalid."""
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


def _layout(head: bytes) -> tuple[int, int, int, int | None]:
    """Return number, samples, size without checksum, and sample rate of a frame header; the size is 0 if it is invalid.

    The rate is None if only the stream information states it, and 0 if it is invalid.
    """
    block, rate_code = head[2] >> 4, head[2] & 15
    number, size = _number(head, 4)
    end = 4 + size
    samples = _SAMPLES[block]
    if block in (6, 7):
        samples = int.from_bytes(head[end : end + block - 5]) + 1
        end += block - 5
    rate = _RATES[rate_code]
    if rate_code in _STATED:
        bytes_, unit = _STATED[rate_code]
        rate = unit * int.from_bytes(head[end : end + bytes_])
        end += bytes_
    return number, samples, end if size and block else 0, rate


def frame_rate(head: bytes) -> int | None:
    """Return the sample rate in a frame header of 16 bytes; None if only the stream information states it."""
    return _layout(head)[3]


def _header(data: bytes, position: int, rate: int, channels: int, bits: int) -> FrameHeader | None:
    """Return the frame header at `position`, or None if it is invalid or its properties are not those of the stream."""
    head = data[position : position + 16]
    if len(head) < 16 or head[3] & 1:
        return None
    number, samples, end, stated_rate = _layout(head)
    channel_code = head[3] >> 4
    ours = (
        stated_rate in (None, rate)
        and channel_code < 11
        and (channel_code + 1 if channel_code < 8 else 2) == channels
        and _BITS[head[3] >> 1 & 7] in (None, bits)
    )
    if not end or not ours:
        return None
    rest = 0
    for byte in head[:end]:
        rest = _CRC8[rest ^ byte]
    return FrameHeader(position, number, samples, bool(head[1] & 1)) if head[end] == rest else None


def _whole(data: bytes, start: int, ends: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return, for each of the ascending `ends`, whether the bytes from `start` to it are frames with valid checksums.

    A frame ends with the CRC-16 of its content, so that its bytes, as a polynomial, are divisible by the generator. The
    remainder of all bytes up to an end is therefore zero at the ends of frames.
    """
    sums = np.zeros(len(ends), np.uint16)
    carried = np.uint16(0)
    for first in range(start, int(ends[-1]), _BLOCK):
        last = min(first + _BLOCK, int(ends[-1]))
        content = np.frombuffer(data, np.uint8, last - first, first)
        places = _LOGARITHMS[content]
        places += _EXPONENTS[: last - first]
        places += -8 * (first - start) % _PERIOD
        total = np.bitwise_xor.accumulate(_REMAINDERS[places] ^ _PARITIES[content]) ^ carried
        here = (ends > first) & (ends <= last)
        sums[here] = total[ends[here] - first - 1]
        carried = total[-1]
    whole: NDArray[np.bool_] = sums == 0
    return whole


def walk(data: bytes, start: int, rate: int, channels: int, bits: int) -> tuple[int, tuple[Irregularity, ...]]:
    """Verify that complete frames fill the file from `start` to its end; return the number of samples per channel.

    Parameters
    ----------
    data, start
        The file, and the position of its first frame.
    rate, channels, bits
        Properties of the stream, which every frame must have.

    Returns
    -------
    samples, irregularities
        Samples per channel, and `TRAILING` if a tag follows the last frame.

    Raises
    ------
    DataError
        If a frame is missing, damaged or cut off.
    """
    end = len(data) - 128 if data[-128:-125] == b"TAG" else len(data)
    found = (_header(data, match.start(), rate, channels, bits) for match in _SYNC.finditer(data, start, end))
    headers = [header for header in found if header is not None]
    require(bool(headers) and headers[0].position == start, "is cut off before its first frame")
    ends = np.array([*(header.position for header in headers[1:]), end])
    whole = _whole(data, start, ends)
    frames = samples = 0
    for header, right in zip(headers, [True, *whole.tolist()], strict=False):
        if right:
            require(header.number == (samples if header.variable else frames), f"is damaged: frame {frames} is missing")
            frames, samples = frames + 1, samples + header.samples
    require(bool(whole[-1]), f"is cut off or damaged: the checksums do not hold in frame {frames - 1} or after it")
    return samples, (Irregularity.TRAILING,) if end < len(data) else ()
