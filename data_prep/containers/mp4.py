"""M4A, MP4 and 3GP files: checking their nested boxes (ISO 14496-12) and decoding them with FFmpeg."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from data_prep.containers.container import Bytes, Container, Irregularity, Sound, require
from data_prep.containers.libraries import read_av

_LOSSLESS = b"alac"
_MOST_BOXES = 10_000
_MOST_INDEX = 2**26  # bytes of the box that describes the samples


def _boxes(data: Bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, start and end of the content of each box between `start` and `end`."""
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
    require(start == end, f"is damaged: {end - start} bytes at its end are not a box")


def _inside(index: bytes, path: tuple[bytes, ...]) -> Iterator[bytes]:
    """Yield the contents of the boxes at a path of names."""
    for name, start, end in _boxes(index, 0, len(index)):
        if name == path[0]:
            content = index[start:end]
            yield from _inside(content, path[1:]) if path[1:] else (content,)


def _tracks(index: bytes) -> list[tuple[bytes, int, int]]:
    """Return codec, sample rate and channels of each audio track; some codecs double the latter two while decoding."""
    tracks = []
    for track in _inside(index, (b"trak",)):
        handlers = [content[8:12] for content in _inside(track, (b"mdia", b"hdlr"))]
        for entry in _inside(track, (b"mdia", b"minf", b"stbl", b"stsd")):
            require(len(entry) >= 44, "is damaged: the description of its audio track is incomplete")
            if handlers == [b"soun"]:
                tracks.append((entry[12:16], int.from_bytes(entry[40:42]), int.from_bytes(entry[32:34])))
    return tracks


def inspect(data: Bytes) -> Container:
    """Return the properties of an M4A, MP4 or 3GP file; the number of frames is known only after decoding.

    Raises
    ------
    DataError
        If the file is cut off, or does not have exactly one audio track.
    """
    boxes = list(_boxes(data, 0, len(data)))
    indices = [(start, end) for name, start, end in boxes if name == b"moov"]
    require(len(indices) == 1, "is cut off or damaged: it has no index (moov), because the recording was not finished")
    start, end = indices[0]
    require(end - start <= _MOST_INDEX, f"has an index of {end - start} bytes")
    tracks = _tracks(data[start:end])
    require(len(tracks) == 1, f"has {len(tracks)} audio tracks instead of one")
    codec, rate, channels = tracks[0]
    return Container(
        format="M4A",
        rate=rate,
        channels=channels,
        frames=None,
        proven=False,
        irregularities=() if codec == _LOSSLESS else (Irregularity.LOSSY,),
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
    return Sound(samples=samples, rate=stream.rate, irregularities=(Irregularity.NO_DELAY,) * delay)
