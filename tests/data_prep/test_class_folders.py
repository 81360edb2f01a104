"""Class folders: what is found, what is passed over, and how places are assigned to cities."""

import os
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_prep.class_folders import CITIES, assign_cities, by_class, find_audio_files, place_of


def touch(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def test_files_are_told_by_depth(tmp_path: Path) -> None:
    touch(tmp_path, "b/2.WAV", "b/1.flac", "a/1.ogg", "loose.wav", "a/x/1.wav", "a/x/y/1.wav", "a/1.m4a", "a/1.txt")
    touch(tmp_path, "a/.x.wav", ".git/1.wav", "a/tab\t.wav")
    sounds = find_audio_files(tmp_path, 1)
    assert sounds.used == ["a/1.m4a", "a/1.ogg", "b/1.flac", "b/2.WAV"]
    assert (sounds.loose, sounds.deep) == (["loose.wav"], ["a/x/1.wav", "a/x/y/1.wav"])
    assert sounds.unnamed == ["a/tab\t.wav"]
    assert by_class(sounds) == {"a": ["a/1.m4a", "a/1.ogg"], "b": ["b/1.flac", "b/2.WAV"]}
    assert find_audio_files(tmp_path, 2).used == ["a/x/1.wav"]
    assert len(find_audio_files(tmp_path, None).used) == 7
    assert find_audio_files(tmp_path, 1).unused_warnings("files")[2] == (
        "1 files are not used: rename them with printable characters: 'a/tab\\t.wav'"
    )


def test_names_that_are_no_text_are_passed_over(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.wav")
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/a/caf\xe9.wav")).touch()
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    assert len(find_audio_files(tmp_path, 1).unnamed) == 1
    assert all(warning.isascii() for warning in find_audio_files(tmp_path, 1).unused_warnings("files"))


def test_links_to_folders_are_followed_where_asked_and_named_where_not(tmp_path: Path) -> None:
    touch(tmp_path, "cache/1.wav", "set/park/2.wav")
    (tmp_path / "set" / "tram").symlink_to(tmp_path / "cache")
    (tmp_path / "set" / "round").symlink_to(tmp_path / "set")
    sounds = find_audio_files(tmp_path / "set", 1)
    assert (sounds.used, sounds.links) == (["park/2.wav"], ["round", "tram"])
    assert "--follow-links" in sounds.unused_warnings("files")[0]
    assert find_audio_files(tmp_path / "set", 1, follow_links=True).used == ["park/2.wav", "tram/1.wav"]


def test_takes_of_one_place_are_told_by_a_letter_at_the_end() -> None:
    assert [place_of(f"dog/{name}.ogg") for name in ("1-77-A", "1-77-B-3", "1-77-a", "x.y")] == [
        *("1-77", "1-77"),
        *("1-77-a", "x.y"),
    ]


PLACES = st.dictionaries(st.sampled_from("abcdef"), st.lists(st.integers(0, 60).map(str), max_size=40), max_size=5)


@given(PLACES, st.integers(1, 10))
def test_cities_are_dealt_fairly(places: dict[str, list[str]], cities: int) -> None:
    dealt = assign_cities(places, cities)
    assert set(dealt) == {(name, place) for name, found in places.items() for place in found}
    for name in places:
        counts = Counter(city for (other, _), city in dealt.items() if other == name)
        assert set(counts) <= set(CITIES[:cities])
        assert max(counts[city] for city in CITIES[:cities]) - min(counts[city] for city in CITIES[:cities]) <= 1
    assert assign_cities({name: list(reversed(found)) for name, found in places.items()}, cities) == dealt
