"""Decoding audio files, whose format is recognised by their first bytes."""

from dataclasses import replace

from common.errors import DataError
from data_prep.containers import chunked, flac, mp4, mpeg, ogg, wav
from data_prep.containers.acceptance import Acceptance
from data_prep.containers.container import Bytes, Container, Irregularity, Sound

READ = "WAV, FLAC, Ogg, AIFF, CAF, W64, M4A nor MP3"


def inspect(data: Bytes) -> Container:
    """Return the properties of a file without decoding it.

    Parameters
    ----------
    data
        The file, in memory or on disk.

    Raises
    ------
    DataError
        If the format is not supported, or a check fails that is possible without decoding.
    """
    mark = data[:12]
    start = _after_tag(data, mark)
    container = _inspect(data, data[start : start + 12] if start else mark, start)
    tag = [Irregularity.TAG_IN_FRONT] if start and container.format not in ("MP3", "AAC") else []
    return replace(container, irregularities=tuple(sorted({*container.irregularities, *tag})))


def _after_tag(data: Bytes, mark: bytes) -> int:
    """Return the position after ID3v2 tags, whose sizes have 7 bits per byte."""
    start = 0
    while mark[:3] == b"ID3" and len(mark) >= 10 and max(mark[6:10]) < 128:
        footer = 10 if mark[5] & 16 else 0
        start += 10 + footer + sum(byte << 7 * place for place, byte in enumerate(mark[9:5:-1]))
        mark = data[start : start + 12]
    return start


def _inspect(data: Bytes, mark: bytes, start: int) -> Container:
    """Return the properties of a file that starts with the bytes `mark` after tags that end at `start`."""
    first, form = mark[:4], mark[4:8]
    if first == b"fLaC":
        return flac.inspect(data, start)
    if mpeg.is_mp3(mark):
        return mpeg.inspect_mp3(data, start)
    if mpeg.is_adts(mark):
        return mpeg.inspect_adts(data, start)
    inspectors = {
        **dict.fromkeys((b"RIFF", b"RF64", b"BW64"), wav.inspect),
        b"OggS": ogg.inspect,
        b"FORM": chunked.inspect_aiff,
        b"caff": chunked.inspect_caf,
        b"riff": chunked.inspect_w64,
    }
    found = mp4.inspect if form == b"ftyp" else inspectors.get(first)
    if found is None or start:
        raise DataError(f"is neither {READ} (it starts with {first!r}); convert it to one of these")
    return found(data)


def decode(data: bytes, accept: Acceptance | None = None) -> Sound:
    """Decode the bytes of a file.

    Parameters
    ----------
    data
        The whole file.
    accept
        Accepted irregularities; by default all but lossy codecs without checksums.

    Raises
    ------
    DataError
        If the format is not supported, samples are missing, the header is ambiguous, or an irregularity is not
        accepted.
    """
    accept = accept or Acceptance()
    container = inspect(data)
    accept.check(container.irregularities)
    sound = container.read()
    accept.check(sound.irregularities)
    return replace(sound, irregularities=tuple(sorted({*container.irregularities, *sound.irregularities})))
