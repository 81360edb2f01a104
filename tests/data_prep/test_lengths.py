"""The length of a set is that of recordings that are there, whatever headers say."""

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from data_prep import lengths
from data_prep.containers.acceptance import Acceptance
from data_prep.lengths import commonest_seconds
from data_prep.problems import Problems
from tests.data_prep.conftest import Make
from tests.tiny_sets import read_lists

NOISE = np.random.default_rng(0).uniform(-0.5, 0.5, 80_000)
RATE = 8_000


def flac(path: Path, seconds: float, *, kept: float = 1.0) -> None:
    sf.write(path, NOISE[: round(seconds * RATE)], RATE, format="FLAC", subtype="PCM_16")
    path.write_bytes(path.read_bytes()[: round(kept * path.stat().st_size)])


def test_truncated_flac_in_the_majority_has_no_say(tmp_path: Path) -> None:
    names = [f"{number}.flac" for number in range(7)]
    for name in names[:4]:
        flac(tmp_path / name, 8, kept=0.5)
    for name in names[4:]:
        flac(tmp_path / name, 2)
    assert commonest_seconds(tmp_path, names) == 2


def test_headers_without_sound_in_the_majority_have_no_say(tmp_path: Path) -> None:
    names = [f"{number}.wav" for number in range(7)]
    for name in names:
        sf.write(tmp_path / name, NOISE[: 2 * RATE], RATE, subtype="PCM_16")
    for number, name in enumerate(names[:4]):
        head = bytearray((tmp_path / name).read_bytes()[:44])
        head[4:8], head[40:44] = struct.pack("<I", 160_036), struct.pack("<I", 160_000 if number % 2 else 0)
        (tmp_path / name).write_bytes(head)
    assert commonest_seconds(tmp_path, names) == 2


def test_sizes_of_streams_are_those_of_what_is_there(tmp_path: Path) -> None:
    names = ["a.wav", "b.wav", "c.wav"]
    for name, seconds in zip(names, (3, 3, 2), strict=True):
        sf.write(tmp_path / name, NOISE[: seconds * RATE], RATE, subtype="PCM_16")
        data = bytearray((tmp_path / name).read_bytes())
        data[4:8] = data[40:44] = b"\xff" * 4
        (tmp_path / name).write_bytes(data)
    assert commonest_seconds(tmp_path, names) == 3
    assert commonest_seconds(tmp_path, names, Acceptance(strict=True)) is None


def test_headers_that_agree_are_not_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"{number}.flac" for number in range(3)]
    for name in names:
        flac(tmp_path / name, 1)
    monkeypatch.setattr(lengths, "read_recording", lambda *_: pytest.fail("nothing is in doubt"))
    assert commonest_seconds(tmp_path, [*names, "absent.flac"]) == 1


def test_files_of_nothing_but_a_header_are_named_and_skipped(make: Make, root: Path, tmp_path: Path) -> None:
    rows = read_lists(root)
    bad = [clip for clip, *_, device in rows if device != "a"]
    assert len(bad) > len(rows) / 2
    for clip in bad:
        head = bytearray((root / clip).read_bytes()[:44])
        head[40:44] = struct.pack("<I", 661_500)  # ten seconds
        (root / clip).write_bytes(head)
    with pytest.raises(Problems) as caught:
        make()
    assert [problem.file for problem in caught.value.problems] == sorted(bad)
    assert all("661500 bytes" in problem.reason for problem in caught.value.problems)
    assert len(make(on_error="skip")) == len(rows) - len(bad)


def test_an_hour_and_two_seconds_is_fitted_like_any_other(tmp_path: Path) -> None:
    hour = np.resize(np.round(NOISE * 2**15) / 2**15, 3_602 * 1_000)
    for form in ("WAV", "FLAC"):
        sf.write(tmp_path / f"x.{form}", hour, 1_000, format=form, subtype="PCM_16")
    assert commonest_seconds(tmp_path, ["x.WAV", "x.FLAC"]) == 3_602
    sounds = [lengths.read_recording(tmp_path / f"x.{form}").samples for form in ("WAV", "FLAC")]
    np.testing.assert_array_equal(*sounds)
    np.testing.assert_array_equal(sounds[0][-2_000:], hour[-2_000:].astype(np.float32))
