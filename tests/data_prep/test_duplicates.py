"""The same recording twice: named where it breaks a split's promise, and counted where it does not."""

import pandas as pd
import pytest

from common.errors import DataError
from data_prep.duplicates import check_copies, copies, copy_warnings
from data_prep.splits import SplitSettings, make_split


def table() -> pd.DataFrame:
    """Two scenes in four cities, every recording another."""
    rows = [(f"{scene}-{city}.wav", scene, city) for scene in ("bus", "park") for city in "uvwx"]
    clips = pd.DataFrame(rows, columns=["clip", "scene", "city"])
    sums = [f"{number:064x}" for number in range(len(clips))]
    return clips.assign(location=clips["city"] + "-1", device="a", fold="", sha256=sums, silent=False)


def copied(first: str, second: str) -> pd.DataFrame:
    clips = table().set_index("clip", drop=False)
    clips.loc[second, "sha256"] = clips.loc[first, "sha256"]
    return clips.reset_index(drop=True)


SPLIT = SplitSettings(test_cities=1)  # bus is tested in u, park in v


def test_recordings_that_are_all_different_are_fine() -> None:
    assert copies(table()).empty
    assert copy_warnings(table()) == []
    assert set(make_split(table(), SPLIT)) == {"train", "test"}


def test_a_copy_on_both_sides_is_an_error_with_any_split() -> None:
    clips = copied("bus-u.wav", "bus-v.wav")
    with pytest.raises(DataError, match=r"1 recordings .*bus-u.wav \(test\) = bus-v.wav \(train\)"):
        make_split(clips, SPLIT)
    both_tested = make_split(clips, SplitSettings(test_cities=2))
    assert list(both_tested[clips["scene"] == "bus"]) == ["test", "test", "train", "train"]
    assert copy_warnings(clips) == [
        "1 recordings occur more than once, in files that are identical: bus-u.wav = bus-v.wav"
    ]


def test_a_copy_under_two_scenes_is_an_error_wherever_it_is() -> None:
    clips = copied("bus-w.wav", "park-w.wav")
    with pytest.raises(DataError, match=r"several scenes, .*bus-w.wav \(bus\) = park-w.wav \(park\)"):
        make_split(clips, SPLIT)
    with pytest.raises(DataError, match="several scenes"):
        check_copies(clips, pd.Series("unused", index=clips.index))


def test_copies_that_are_not_used_and_silence_are_no_error() -> None:
    clips = copied("bus-u.wav", "bus-v.wav")
    part = make_split(clips.drop(columns=["sha256", "silent"]), SPLIT)
    check_copies(clips, part.mask(clips["clip"] == "bus-v.wav", "unused"))
    check_copies(clips.assign(silent=True), part)
    assert copy_warnings(clips.assign(silent=True)) == []
