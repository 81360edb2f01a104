"""Audio files whose own bytes prove them whole: the laws of WAV, FLAC and Ogg, and decoding by those laws.

The usual decoders accept what they can still read: a truncated WAV becomes a shorter clip, a flipped bit in its header
another sampling rate. Here each number that a container states twice must be the same both times, and containers that
state nothing twice (MP3, raw, AIFF from a pipe) are refused.
"""

import hashlib
import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

from common.errors import DataError
from data_prep.valid_bits import full_scale_bits

_WIDE = 0xFFFF_FFFF  # a 32-bit size field saying that the true size stands in the ds64 chunk
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_ENCODINGS = {(_PCM, 8), (_PCM, 16), (_PCM, 24), (_PCM, 32), (_FLOAT, 32), (_FLOAT, 64)}
_GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")
_ONCE = {b"fmt ", b"data", b"ds64", b"fact"}
_LOWEST_RATE, _HIGHEST_RATE = 1_000, 768_000
_LONGEST = 3600  # seconds; compressed files can announce any length, and memory is taken before they are decoded
_FLAC_RATES = (None, 88200, 176400, 192000, 8000, 16000, 22050, 24000, 32000, 44100, 48000, 96000, None, None, None, 0)
_REVERSED_BITS = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(frozen=True, kw_only=True)
class WavHeader:
    """What a WAV file says of its samples, after every law has held.

    Attributes
    ----------
    rate
        Frames per second.
    channels
        Samples per frame.
    bits
        Bits per sample: 8 (unsigned), 16, 24, 32 (signed), or 32, 64 where `floating`.
    floating
        Whether samples are IEEE floats.
    valid
        How many of the bits carry the sample; fewer than `bits` only where the header says so.
    offset, frames
        Where the samples start in the file (bytes), and how many frames there are.
    """

    rate: int
    channels: int
    bits: int
    floating: bool
    valid: int
    offset: int
    frames: int


def decode(data: bytes) -> tuple[NDArray[np.float32], int]:
    """Decode the bytes of a WAV (RIFF, RF64, BW64), FLAC or Ogg file.

    Parameters
    ----------
    data
        The whole file.

    Returns
    -------
    samples, rate
        Float32 of shape (frames, channels), full scale 1, and frames per second.

    Raises
    ------
    DataError
        If the file is of another kind, or any of its bytes contradicts another.
    """
    match data[:4]:
        case b"RIFF" | b"RF64" | b"BW64":
            header = read_wav_header(data)
            return _decode_wav(data, header), header.rate
        case b"fLaC":
            return _decode_flac(data)
        case b"OggS":
            return _decode_ogg(data)
    raise DataError(f"is neither WAV, FLAC nor Ogg (it starts with {data[:4]!r}); convert it to one of these")


def _law(holds: bool, broken: str) -> None:
    if not holds:
        raise DataError(broken)


def _wav_chunks(data: bytes) -> dict[bytes, tuple[int, int]]:
    """Walk the chunks to the very end of the file; return each one's first byte and size by name."""
    _law(len(data) >= 12 and data[8:12] == b"WAVE", "is cut off or damaged: no WAVE form follows the RIFF mark")
    riff_size = struct.unpack_from("<I", data, 4)[0]
    wide = data[:4] != b"RIFF"
    data_size = 0
    if wide:
        _law(len(data) >= 48 and data[12:16] == b"ds64", "is cut off or damaged: no ds64 chunk comes first")
        long_riff_size, data_size = struct.unpack_from("<QQ", data, 20)
        riff_size = long_riff_size if riff_size == _WIDE else riff_size
    chunks: dict[bytes, tuple[int, int]] = {}
    position = 12
    while position < len(data):
        _law(position + 8 <= len(data), "is cut off inside a chunk's header")
        name, size = struct.unpack_from("<4sI", data, position)
        size = data_size if wide and name == b"data" and size == _WIDE else size
        _law(all(32 <= byte < 127 for byte in name), f"is damaged: no chunk can be called {name!r}")
        there = len(data) - position - 8
        _law(size <= there, f"is cut off or damaged: chunk {name!r} announces {size} bytes, {there} are there")
        _law(not (name in _ONCE and name in chunks), f"is damaged: it has two chunks {name!r}")
        chunks[name] = (position + 8, size)
        position += 8 + size + size % 2
    # An odd last chunk may lack its pad byte, or have one that the RIFF size leaves out: both are common.
    padded = len(data) - 8 - (position == len(data) and bool(chunks) and size % 2 == 1)
    _law(riff_size in (len(data) - 8, padded), f"announces {riff_size + 8} bytes, and has {len(data)}")
    return chunks


def _wav_format(data: bytes, chunks: dict[bytes, tuple[int, int]]) -> tuple[int, int, int, int, int, int]:
    """Return (tag, channels, rate, bytes a frame, bits, valid bits) after the laws inside the fmt chunk have held."""
    _law(b"fmt " in chunks and chunks[b"fmt "][1] >= 16, "is damaged: it has no complete fmt chunk")
    offset, size = chunks[b"fmt "]
    tag, channels, rate, byte_rate, align, bits = struct.unpack_from("<HHIIHH", data, offset)
    valid = bits
    if size > 16:
        extra = struct.unpack_from("<H", data, offset + 16)[0] if size >= 18 else -1
        _law(extra == size - 18, f"is damaged: a fmt chunk of {size} bytes cannot have {extra} extra ones")
    if tag == _EXTENSIBLE:
        _law(size >= 40, "is damaged: its extensible fmt chunk is too short")
        valid, tag = struct.unpack_from("<H", data, offset + 18)[0], struct.unpack_from("<H", data, offset + 24)[0]
        _law(data[offset + 26 : offset + 40] == _GUID_TAIL, "has samples of an unknown kind (its format GUID)")
        _law(0 < valid <= bits, f"is damaged: {valid} of {bits} bits cannot be valid")
    kinds = "8, 16, 24, 32 bit integers and 32, 64 bit floats are read"
    _law((tag, bits) in _ENCODINGS, f"has samples of format {tag} with {bits} bits; {kinds}")
    _law(channels > 0, "is damaged: it says that it has no channels")
    _law(align == channels * bits // 8, f"is damaged: {channels} x {bits} bits are not {align} bytes a frame")
    _law(byte_rate == rate * align, f"is damaged: {rate} Hz x {align} bytes are not {byte_rate} bytes a second")
    return tag, channels, rate, align, bits, valid


def read_wav_header(data: bytes) -> WavHeader:
    """Check every law of a WAV file (chunk walk, sizes, rates, alignment) and return what it says.

    Raises
    ------
    DataError
        Naming the first law that is broken.
    """
    chunks = _wav_chunks(data)
    tag, channels, rate, align, bits, valid = _wav_format(data, chunks)
    _law(_LOWEST_RATE <= rate <= _HIGHEST_RATE, f"says {rate} Hz, which is no sampling rate of sound")
    _law(b"data" in chunks, "is damaged: it has no data chunk")
    offset, size = chunks[b"data"]
    _law(size % align == 0, f"is cut off or damaged: {size} bytes of samples are no multiple of {align}")
    frames = size // align
    if b"fact" in chunks and chunks[b"fact"][1] >= 4:
        told = struct.unpack_from("<I", data, chunks[b"fact"][0])[0]
        _law(told in (frames, frames * channels, _WIDE), f"is damaged: its fact chunk says {told} frames, not {frames}")
    if (tag, bits) == (_PCM, 32):
        # One flipped bit turns 32-bit floats into integers; chunks that integers do not have betray it.
        plain = struct.unpack_from("<H", data, chunks[b"fmt "][0])[0] == _PCM
        contradicted = b"PEAK" in chunks or (plain and b"fact" in chunks)
        _law(not contradicted, "is damaged: it says integers, but has the chunks of a file of floats")
    return WavHeader(
        rate=rate, channels=channels, bits=bits, floating=tag == _FLOAT, valid=valid, offset=offset, frames=frames
    )


def _decode_wav(data: bytes, header: WavHeader) -> NDArray[np.float32]:
    count, offset = header.frames * header.channels, header.offset
    samples: NDArray[np.float32]
    if header.floating:
        with np.errstate(over="ignore"):  # a double beyond float32 becomes infinite, which no caller lets through
            samples = np.frombuffer(data, f"<f{header.bits // 8}", count, offset).astype(np.float32)
    elif header.bits == 8:
        samples = np.frombuffer(data, np.uint8, count, offset).astype(np.float32)
        samples -= np.float32(128)
        samples *= np.float32(1 / 128)
    else:
        if header.bits == 24:
            # Overlapping 32-bit words that end where each sample ends: the low byte, shifted out, is not its own.
            integers = np.ndarray((count,), "<i4", data, offset - 1, (3,)) >> 8
        else:
            integers = np.frombuffer(data, f"<i{header.bits // 8}", count, offset)
        samples = integers.astype(np.float32)
        samples *= np.float32(2.0 ** (1 - full_scale_bits(integers, header.bits, header.valid)))
    return samples.reshape(-1, header.channels)


def _read(data: bytes, dtype: str) -> tuple[NDArray[np.generic], int]:
    """Decode with libsndfile; the frames decoded must be the frames announced."""
    try:
        with sf.SoundFile(io.BytesIO(data)) as file:
            frames, rate = file.frames, file.samplerate
            _law(frames <= _LONGEST * rate, f"announces {frames} frames at {rate} Hz; clips last an hour at most")
            samples: NDArray[np.generic] = file.read(dtype=dtype, always_2d=True)
    except sf.LibsndfileError as error:
        raise DataError(f"cannot be decoded: {error.error_string}") from error
    _law(len(samples) == frames, f"is cut off: {frames} frames are announced, {len(samples)} are there")
    return samples, rate


def _flac_frame_rate(data: bytes) -> int | None:
    """Return the sampling rate in the first frame's header, None where it is not among the coded ones."""
    position, last = 4, False
    while not last:
        _law(position + 4 <= len(data), "is cut off before its first frame")
        last = data[position] >= 128
        position += 4 + int.from_bytes(data[position + 1 : position + 4])
    _law(data[position : position + 1] == b"\xff" and len(data) > position + 2, "is cut off before its first frame")
    return _FLAC_RATES[data[position + 2] & 15]


def _decode_flac(data: bytes) -> tuple[NDArray[np.float32], int]:
    """Decode FLAC; the samples must have the MD5, and the first frame the rate, that the stream information states."""
    _law(len(data) >= 42 and data[4] & 127 == 0, "is damaged: no stream information comes first")
    fields = int.from_bytes(data[18:26])
    rate, bits, told = fields >> 44, (fields >> 36 & 31) + 1, data[26:42]
    _law(any(told), "states no MD5 of its samples, so nobody can tell whether it is whole; encode it again")
    _law(_flac_frame_rate(data) in (None, rate), f"is damaged: {rate} Hz is not the rate of its first frame")
    samples, _ = _read(data, "int32")
    integers = samples.astype("<i4") >> (32 - bits)
    packed = integers.reshape(-1, 1).view(np.uint8)[:, : (bits + 7) // 8].tobytes()
    _law(hashlib.md5(packed, usedforsecurity=False).digest() == told, "is damaged: its samples' MD5 is another")
    return integers.astype(np.float32) * np.float32(2.0 ** (1 - bits)), rate


def _ogg_pages(data: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    """Yield (flags, serial number, page number, page) to the very end of the file."""
    position = 0
    while position < len(data):
        _law(data[position : position + 5] == b"OggS\0", f"is damaged: no Ogg page starts at byte {position}")
        _law(position + 27 <= len(data), "is cut off inside a page's header")
        flags, serial, number = struct.unpack_from("<BxxxxxxxxII", data, position + 5)
        lacing = data[position + 27 : position + 27 + data[position + 26]]
        end = position + 27 + data[position + 26] + sum(lacing)
        _law(end <= len(data), "is cut off inside a page")
        yield flags, serial, number, data[position:end]
        position = end


def _ogg_checksum(page: bytes) -> int:
    """CRC-32 of an Ogg page (RFC 3533, section 6): zlib's, with the bits the other way round and no inversions."""
    blank = page[:22] + bytes(4) + page[26:]
    reflected = zlib.crc32(blank.translate(_REVERSED_BITS), 0xFFFF_FFFF) ^ 0xFFFF_FFFF
    return int(f"{reflected:032b}"[::-1], 2)


def _decode_ogg(data: bytes) -> tuple[NDArray[np.float32], int]:
    """Decode Ogg (Vorbis, Opus, FLAC): pages of one stream, in order, each with its checksum, first and last marked."""
    first = None
    flags = 0
    for count, (flags, serial, number, page) in enumerate(_ogg_pages(data)):
        first = serial if first is None else first
        _law(_ogg_checksum(page) == struct.unpack_from("<I", page, 22)[0], f"is damaged: page {number}'s checksum")
        _law((serial, number) == (first, count), f"is damaged: page {number} of stream {serial} out of order")
        _law(bool(flags & 2) == (count == 0), f"is damaged: page {number} starts a stream")
    _law(bool(flags & 4), "is cut off: its last page does not end the stream")
    samples, rate = _read(data, "float32")
    return samples.astype(np.float32), rate
