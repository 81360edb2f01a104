"""Ogg whose pages are whole, though their positions or flags are not what they should be."""

import io
import struct

import numpy as np
import pytest
import soundfile as sf

from common.errors import DataError
from data_prep.containers.acceptance import Acceptance
from data_prep.containers.container import Irregularity
from data_prep.containers.decoding import decode, inspect
from tests.data_prep.containers.writers import ogg_pages, with_page

NOISE = np.random.default_rng(0).uniform(-0.5, 0.5, (200_000, 1))


def encode(subtype: str, rate: int = 48_000) -> bytes:
    file = io.BytesIO()
    sf.write(file, NOISE, rate, format="OGG", subtype=subtype)
    return file.getvalue()


@pytest.mark.parametrize(("subtype", "rate"), [("VORBIS", 44_100), ("OPUS", 48_000), ("OPUS", 16_000)])
def test_the_header_tells_what_decoding_gives(subtype: str, rate: int) -> None:
    data = encode(subtype, rate)
    container, sound = inspect(data), decode(data)
    assert (container.frames, container.rate) == (len(sound.samples), sound.rate) == (200_000, rate)
    assert not sound.irregularities


def test_positions_on_the_way_that_are_too_high_cost_no_samples() -> None:
    data = encode("VORBIS")
    pages = ogg_pages(data)
    assert len(pages) > 5

    def later(page: bytearray) -> None:
        page[6:14] = struct.pack("<q", struct.unpack("<q", page[6:14])[0] + 448)

    changed = with_page(data, len(pages) - 2, later)
    assert len(sf.read(io.BytesIO(changed))[0]) < 200_000  # libvorbis believes the page
    sound = decode(changed)
    np.testing.assert_array_equal(sound.samples, decode(data).samples)
    assert sound.irregularities == (Irregularity.PAGE_POSITIONS,)
    with pytest.raises(DataError, match="refused by --strict"):
        decode(changed, Acceptance(strict=True))


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_streams_without_an_end_mark_are_read_to_their_last_page(subtype: str) -> None:
    data = encode(subtype)
    whole = decode(data).samples

    def unmarked(page: bytearray) -> None:
        page[5] &= ~4

    sound = decode(with_page(data, len(ogg_pages(data)) - 1, unmarked))
    np.testing.assert_array_equal(sound.samples, whole)
    assert sound.irregularities == (Irregularity.NO_END_MARK,)
    seen = 0
    for count in range(3, len(ogg_pages(data))):
        start = b"".join(ogg_pages(data)[:count])
        if ogg_pages(data)[count - 1][26 + ogg_pages(data)[count - 1][26]] == 255:
            with pytest.raises(DataError, match="inside a packet"):
                decode(start)
            continue
        sound = decode(start)
        seen += 1
        assert 0 < len(sound.samples) < len(whole)
        assert Irregularity.NO_END_MARK in sound.irregularities
        np.testing.assert_allclose(sound.samples[:-2_048], whole[: len(sound.samples) - 2_048], atol=1e-6)
    assert seen


def test_bytes_after_the_last_page_are_left_out() -> None:
    data = encode("VORBIS")
    sound = decode(data + b"TAG" + bytes(125))
    np.testing.assert_array_equal(sound.samples, decode(data).samples)
    assert sound.irregularities == (Irregularity.TRAILING,)
