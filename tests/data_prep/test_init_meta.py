"""The first meta.csv: what it guesses, what it leaves to be filled in, and that it can be read again."""

from pathlib import Path

import pytest

from common.errors import DataError
from data_prep.init_meta import init_meta
from data_prep.layouts import LAYOUTS
from data_prep.listing import Reading
from data_prep.metadata import read_clips

FILES = ["park/phone/1.wav", "park/zoom/oslo-1.flac", "tram/2.ogg", "loose.wav", "audio/bus-lyon-7-8-s1.wav"]


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    for name in [*FILES, "tram/a, 'b'.wav", ".hidden.wav"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def test_folders_and_tau_names_say_what_they_can(recordings: Path) -> None:
    rows, warnings = init_meta(recordings, Reading())
    assert warnings == []
    assert sorted(map(tuple, rows.to_numpy().tolist())) == [
        ("audio/bus-lyon-7-8-s1.wav", "bus", "lyon-7", "s1"),
        ("loose.wav", "", "", ""),
        ("park/phone/1.wav", "park", "", "phone"),
        ("park/zoom/oslo-1.flac", "park", "", "zoom"),
        ("tram/2.ogg", "tram", "", ""),
        ("tram/a, 'b'.wav", "tram", "", ""),
    ]
    _, problems, _ = read_clips(recordings, LAYOUTS["folder"], "s1")
    assert {problem.line for problem in problems} == {3, 4, 5, 6, 7}
    assert all("is empty" in problem.reason for problem in problems)
    with pytest.raises(DataError, match="is there already"):
        init_meta(recordings, Reading())


def test_what_is_said_is_filled_in_and_the_list_can_be_used(recordings: Path) -> None:
    (recordings / "loose.wav").unlink()
    init_meta(recordings, Reading(city="oslo", device="phone"))
    clips, problems, _ = read_clips(recordings, LAYOUTS["folder"], "phone")
    assert problems == []
    assert set(clips["city"]) == {"oslo", "lyon"}
    assert set(clips["device"]) == {"phone"}
    assert clips.loc[clips["clip"] == "tram/2.ogg", "location"].item() == "oslo-tram_2"


def test_a_folder_without_recordings_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.txt").touch()
    with pytest.raises(DataError, match="holds no audio files"):
        init_meta(tmp_path, Reading())
