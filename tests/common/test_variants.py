"""Families of dataclasses: a field that may hold any member reads back as the one that it held."""

import json
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import ConfigError
from common.identity import Variant, canonical_json, digest, from_plain, later, plain


@dataclass(frozen=True, kw_only=True)
class Shape(Variant):
    size: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Round(Shape, kind="round"):
    pass


@dataclass(frozen=True, kw_only=True)
class Polygon(Shape):
    """A base of members that is none itself."""

    sides: int = 3


@dataclass(frozen=True, kw_only=True)
class Regular(Polygon, kind="regular"):
    pass


@dataclass(frozen=True, kw_only=True)
class Star(Polygon, kind="star"):
    """With the very fields of the other."""


@dataclass(frozen=True, kw_only=True)
class Colour(Variant):
    """Another family."""


@dataclass(frozen=True, kw_only=True)
class Plain(Colour, kind="round"):
    """A name may be that of another family's member."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    first: Shape
    others: tuple[Shape, ...] = ()
    polygon: Polygon | None = None
    colour: Colour | None = None


sizes = st.floats(0, 100)
rounds = st.builds(Round, size=sizes)
polygons = st.builds(Regular, size=sizes, sides=st.integers()) | st.builds(Star, size=sizes, sides=st.integers())
pictures = st.builds(
    Picture,
    first=rounds | polygons,
    others=st.lists(rounds | polygons, max_size=3).map(tuple),
    polygon=st.none() | polygons,
    colour=st.none() | st.just(Plain()),
)


@given(pictures, pictures)
def test_a_member_reads_back_as_what_it_was(first: Picture, second: Picture) -> None:
    written = json.loads(canonical_json(first))
    assert from_plain(Picture, written) == first
    assert from_plain(Picture, plain(first)) == first
    assert (digest(first) == digest(second)) == (first == second)


def test_members_with_the_same_fields_are_told_apart() -> None:
    assert plain(Regular()) == {"kind": "regular", "size": 1.0, "sides": 3}
    assert digest(Regular()) != digest(Star())
    assert type(from_plain(Shape, plain(Star()))) is Star
    assert type(from_plain(Polygon, plain(Star()))) is Star


def test_a_member_reads_back_by_its_own_class_too() -> None:
    assert from_plain(Star, plain(Star(sides=7))) == Star(sides=7)
    with pytest.raises(ConfigError, match="one of star"):
        from_plain(Star, plain(Regular()))


def test_the_family_knows_its_members_in_the_order_of_their_definition() -> None:
    assert list(Shape.members) == ["round", "regular", "star"]
    assert Colour.members == {"round": Plain}
    assert Polygon.members is Shape.members


@pytest.mark.parametrize("value", [Shape(), Polygon(), Picture(first=Polygon()), [Shape()]])
def test_a_base_cannot_be_written(value: object) -> None:
    with pytest.raises(TypeError, match="base of a family"):
        plain(value)
    with pytest.raises(TypeError, match="base of a family"):
        digest(value)


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({"kind": "cube", "size": 1.0}, r"first\.kind = 'cube' is not allowed: one of round, regular, star"),
        ({"size": 1.0}, r"first\.kind = None"),
        ({"kind": "round", "size": 1.0, "sides": 3}, r"first\.sides"),
        ({"kind": "star", "size": 1.0}, r"first\.sides"),
        ("round", "first"),
    ],
)
def test_an_unknown_member_is_named_by_its_place(value: object, place: str) -> None:
    whole = plain(Picture(first=Round()))
    with pytest.raises(ConfigError, match=place):
        from_plain(Picture, whole | {"first": value})


def test_a_member_of_another_branch_is_not_taken() -> None:
    whole = plain(Picture(first=Round()))
    with pytest.raises(ConfigError, match=r"polygon\.kind = 'round' is not allowed: one of regular, star"):
        from_plain(Picture, whole | {"polygon": plain(Round())})


def test_two_members_of_one_name_are_refused() -> None:
    with pytest.raises(TypeError, match="Second and Round are both 'round'"):

        @dataclass(frozen=True, kw_only=True)
        class Second(Shape, kind="round"):
            pass

    assert Shape.members["round"] is Round


def test_a_later_field_of_a_member_changes_no_identity() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Animal(Variant):
        pass

    @dataclass(frozen=True, kw_only=True)
    class Cat(Animal, kind="cat"):
        tail: str = later("long")

    assert digest(Cat()) == digest({"kind": "cat"})
    assert from_plain(Animal, {"kind": "cat"}) == Cat()
    assert from_plain(Animal, plain(Cat(tail="short"))) == Cat(tail="short")
