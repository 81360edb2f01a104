"""From the bytes of a file to samples: the kind of container is told by its first bytes."""

from dataclasses import replace

from common.errors import DataError
from data_prep.containers import flac, ogg, wav
from data_prep.containers.acceptance import Acceptance
from data_prep.containers.container import Bytes, Container, Oddity, Sound, law

READ = "WAV, FLAC or Ogg"


def inspect(data: Bytes) -> Container:
    """Return what a file says of its sound, without decoding it.

    Parameters
    ----------
    data
        The whole file, or what can be sliced like it.

    Raises
    ------
    DataError
        If the file is of a kind that is not read, or breaks a law that can be checked without decoding.
    """
    mark = data[:12]
    start = _after_tag(data, mark)
    container = _inspect(data, data[start : start + 12] if start else mark, start)
    odd = [Oddity.TAG_IN_FRONT] if start and container.format != "MP3" else []
    return replace(container, oddities=tuple(sorted({*container.oddities, *odd})))


def _after_tag(data: Bytes, mark: bytes) -> int:
    """Return where the file starts after ID3v2 tags, whose sizes have 7 bits in a byte."""
    start = 0
    while mark[:3] == b"ID3" and len(mark) >= 10 and max(mark[6:10]) < 128:
        footer = 10 if mark[5] & 16 else 0
        start += 10 + footer + sum(byte << 7 * place for place, byte in enumerate(mark[9:5:-1]))
        mark = data[start : start + 12]
    return start


def _inspect(data: Bytes, mark: bytes, start: int) -> Container:
    match mark[:4]:
        case b"RIFF" | b"RF64" | b"BW64" if not start:
            return wav.inspect(data)
        case b"fLaC":
            return flac.inspect(data, start)
        case b"OggS" if not start:
            return ogg.inspect(data)
    raise DataError(f"is neither {READ} (it starts with {mark[:4]!r}); convert it to one of these")


def decode(data: bytes, accept: Acceptance | None = None) -> Sound:
    """Decode the bytes of a file.

    Parameters
    ----------
    data
        The whole file.
    accept
        Which oddities are accepted; those of files without loss where not given.

    Raises
    ------
    DataError
        If the file is of a kind that is not read, if samples are missing, if what its header says has more than one
        reading, or if it is odd in a way that is not accepted.
    """
    accept = accept or Acceptance()
    container = inspect(data)
    accept.check(container.oddities)
    samples, more = container.read()
    accept.check(more)
    law(samples.shape[1] == container.channels, f"announces {container.channels} channels, has {samples.shape[1]}")
    return Sound(
        format=container.format,
        samples=samples,
        rate=container.rate,
        oddities=tuple(sorted({*container.oddities, *more})),
    )
