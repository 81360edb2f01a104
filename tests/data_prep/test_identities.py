"""Identities of names: spellings that people take for one name, and names that are two."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_prep.identities import file_identity, identity_of, spellings, written


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
    assert identity_of(one) == identity_of(other)


@pytest.mark.parametrize(("one", "other"), [("evora", "\u00e9vora"), ("s1", "s_1"), ("bus", "bus2"), ("a", "b")])
def test_other_names(one: str, other: str) -> None:
    assert identity_of(one) != identity_of(other)


@given(st.text(max_size=20))
def test_identities_do_not_depend_on_composition(name: str) -> None:
    for form in ("NFC", "NFD"):
        changed = unicodedata.normalize(form, name)  # type: ignore[arg-type]
        assert identity_of(changed) == identity_of(name)
        assert file_identity(changed) == file_identity(name)
        assert written(changed) == written(name)


def test_files_differ_by_separators_but_not_by_capitals() -> None:
    assert file_identity("a/Caf\u00e9.WAV") == file_identity("A/cafe\u0301.wav ")
    assert file_identity("a_1.wav") != file_identity("a-1.wav")


def test_the_commonest_spelling_is_right_and_else_the_first() -> None:
    assert spellings(["Park", "park", "park", "bus"]) == {"Park": "park"}
    assert spellings(["Park", "park", "PARK"]) == {"park": "Park", "PARK": "Park"}
    assert spellings([]) == {}
