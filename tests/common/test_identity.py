"""Canonical JSON and its digest."""

import hashlib
import json
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import ConfigError
from common.identity import canonical_json, digest, from_plain, later, plain


@dataclass(frozen=True, kw_only=True)
class Inner:
    rate: float = 0.5
    name: str = "x"


@dataclass(frozen=True, kw_only=True)
class Outer:
    inner: Inner = field(default_factory=Inner)
    several: tuple[Inner, ...] = ()
    words: tuple[str, ...] = ("a",)
    maybe: float | None = None
    flag: bool = True


inners = st.builds(Inner, rate=st.floats(allow_nan=False, allow_infinity=False), name=st.text())
outers = st.builds(
    Outer,
    inner=inners,
    several=st.lists(inners).map(tuple),
    words=st.lists(st.text()).map(tuple),
    maybe=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    flag=st.booleans(),
)


@given(outers, outers)
def test_equal_values_and_only_they_have_equal_json(first: Outer, second: Outer) -> None:
    assert (canonical_json(first) == canonical_json(second)) == (first == second or repr(first) == repr(second))
    assert from_plain(Outer, json.loads(canonical_json(first))) == first


def test_the_digest_is_sha256_of_sorted_json_with_every_default() -> None:
    text = '{"name":"x","rate":0.5}'
    assert canonical_json(Inner()) == text
    assert digest(Inner()) == hashlib.sha256(text.encode()).hexdigest()


def test_a_later_field_at_its_default_changes_no_identity() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Grown(Inner):
        added: str = later("as before")

    assert digest(Grown()) == digest(Inner())
    assert digest({"several": (Grown(),)}) == digest({"several": [Inner()]})
    assert digest(Grown(added="new")) != digest(Inner())
    assert plain(Grown())["added"] == "as before"
    assert from_plain(Grown, plain(Inner())) == Grown()
    assert from_plain(Grown, plain(Grown(added="new"))) == Grown(added="new")


def test_whole_numbers_become_the_floats_they_stand_for() -> None:
    assert from_plain(Inner, {"rate": 2, "name": "x"}) == Inner(rate=2.0)


def test_equal_numbers_have_one_identity_read_back_or_not() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Numbers:
        one: float = 0
        maybe: float | None = None
        pair: tuple[float, float] = (0, 1)
        whole: int = 1

    given, same = Numbers(one=1, maybe=2, pair=(3, 4)), Numbers(one=1.0, maybe=2.0, pair=(3.0, 4.0))
    assert canonical_json(given) == canonical_json(same) == '{"maybe":2.0,"one":1.0,"pair":[3.0,4.0],"whole":1}'
    for value in (given, Numbers()):
        assert digest(from_plain(Numbers, json.loads(json.dumps(plain(value))))) == digest(value)


@pytest.mark.parametrize("value", [object(), {1, 2}, b"bytes"])
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="canonical"):
        canonical_json(value)


def test_faults_are_named_by_their_place() -> None:
    whole = json.loads(canonical_json(Outer()))
    for change, place in (
        ({"inner": {"rate": 1.0}}, r"inner\.name"),
        ({"inner": 3}, "inner"),
        ({"other": 1}, "other"),
        ({"several": [{"rate": 1.0, "name": "x", "z": 0}]}, r"several\.z"),
    ):
        with pytest.raises(ConfigError, match=place):
            from_plain(Outer, whole | change)
