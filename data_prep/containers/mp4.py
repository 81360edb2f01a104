"""M4A, MP4 and 3GP, which phones record: boxes in boxes (ISO 14496-12), decoded by FFmpeg."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from data_prep.containers.container import Bytes, Container, Oddity, Sound, require
from data_prep.containers.libraries import read_av

_LOSSLESS = b"alac"
_MOST_BOXES = 10_000
_MOST_INDEX = 2**26  # bytes of the box that describes the samples


def _boxes(data: Bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield (name, first byte, end) of the boxes that fill `start` to `end`."""
    for _ in range(_MOST_BOXES):
        if start + 8 > end:
            break
        head = data[start : start + 16]
        size, name, content = int.from_bytes(head[:4]), head[4:8], start + 8
        if size == 1:
            size, content = int.from_bytes(head[8:16]), start + 16
        elif size == 0:
            size = end - start
        require(size >= content - start, f"is damaged: a box of {size} bytes")
        require(start + size <= end, f"is cut off: box {name!r} announces {size} bytes, {end - start} are there")
        yield name, content, start + size
        start += size
    require(start == end, f"is damaged: {end - start} bytes are no box")


def _inside(index: bytes, path: tuple[bytes, ...]) -> Iterator[bytes]:
    """Yield the contents of the boxes at a path."""
    for name, start, end in _boxes(index, 0, len(index)):
        if name == path[0]:
            content = index[start:end]
            yield from _inside(content, path[1:]) if path[1:] else (content,)


def _tracks(index: bytes) -> list[tuple[bytes, int, int]]:
    """Return codec, rate and channels of each track of sound; codecs may double the latter two while decoding."""
    tracks = []
    for track in _inside(index, (b"trak",)):
        handlers = [content[8:12] for content in _inside(track, (b"mdia", b"hdlr"))]
        for entry in _inside(track, (b"mdia", b"minf", b"stbl", b"stsd")):
            require(len(entry) >= 44, "is damaged: its sound is not described")
            if handlers == [b"soun"]:
                tracks.append((entry[12:16], int.from_bytes(entry[40:42]), int.from_bytes(entry[32:34])))
    return tracks


def inspect(data: Bytes) -> Container:
    """Return what an M4A, MP4 or 3GP file says of its sound; how many samples there are is known by decoding.

    Raises
    ------
    DataError
        If it is cut off, or has not exactly one track of sound.
    """
    boxes = list(_boxes(data, 0, len(data)))
    indices = [(start, end) for name, start, end in boxes if name == b"moov"]
    require(len(indices) == 1, "is cut off or damaged: it has no index (moov), so the recording was not ended")
    start, end = indices[0]
    require(end - start <= _MOST_INDEX, f"has an index of {end - start} bytes")
    tracks = _tracks(data[start:end])
    require(len(tracks) == 1, f"has {len(tracks)} tracks of sound; one is wanted")
    codec, rate, channels = tracks[0]
    return Container(
        format="M4A",
        rate=rate,
        channels=channels,
        frames=None,
        proven=False,
        oddities=() if codec == _LOSSLESS else (Oddity.LOSSY,),
        read=partial(_read, data),
    )


def _read(data: Bytes) -> Sound:
    stream = read_av(data[:], "mov", "M4A")
    if stream.samples.dtype == np.int32:
        samples = stream.samples.astype(np.float32)
        samples *= np.float32(2.0**-31)
    else:
        samples = stream.samples.astype(np.float32, copy=False)
    delay = stream.codec == "aac" and not stream.delayed
    return Sound(samples=samples, rate=stream.rate, oddities=(Oddity.NO_DELAY,) * delay)
