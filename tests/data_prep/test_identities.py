"""Identities of names: spellings that people take for one name, and names that are two."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_prep.identities import normalise_name, path_key, spelling_key, spellings


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("\u00e9vora", "e\u0301vora"),
        ("Park", "park"),
        ("street", "street_"),
        ("metro station", "metro_station"),
        ("metro-station", " Metro  Station "),
        ("Stra\u00dfe", "STRASSE"),
        ("park", "\u200bpark"),
        ("new\u00a0york", "new york"),
        ("\uff21", "a"),
    ],
)
def test_spellings_of_one_name(one: str, other: str) -> None:
    assert spelling_key(one) == spelling_key(other)


@pytest.mark.parametrize(("one", "other"), [("evora", "\u00e9vora"), ("s1", "s_1"), ("bus", "bus2"), ("a", "b")])
def test_other_names(one: str, other: str) -> None:
    assert spelling_key(one) != spelling_key(other)


@given(st.text(max_size=20))
def test_identities_do_not_depend_on_composition(name: str) -> None:
    for form in ("NFC", "NFD"):
        changed = unicodedata.normalize(form, name)  # type: ignore[arg-type]
        assert spelling_key(changed) == spelling_key(name)
        assert path_key(changed) == path_key(name)
        assert normalise_name(changed) == normalise_name(name)


def test_files_differ_by_separators_but_not_by_capitals() -> None:
    assert path_key("a/Caf\u00e9.WAV") == path_key("A/cafe\u0301.wav ")
    assert path_key("a_1.wav") != path_key("a-1.wav")


def test_the_commonest_spelling_is_right_and_else_the_first() -> None:
    assert spellings(["Park", "park", "park", "bus"]) == {"Park": "park"}
    assert spellings(["Park", "park", "PARK"]) == {"park": "Park", "PARK": "Park"}
    assert spellings([]) == {}
