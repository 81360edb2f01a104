"""Checks of settings: what was given, and what would have been allowed."""

from dataclasses import dataclass
from typing import Literal

import pytest

from common.errors import ConfigError, check_at_least, check_choice

Fruit = Literal["apple", "pear"]
Number = Literal[1, 2]


@dataclass(frozen=True)
class Basket:
    apples: float = 2
    pears: float = 0


@pytest.mark.parametrize("value", ["apple", "pear", 2])
def test_a_value_of_one_of_the_types_passes(value: object) -> None:
    check_choice("fruit", value, Fruit, Number)


def test_another_value_is_named_with_all_that_is_allowed() -> None:
    with pytest.raises(ConfigError) as caught:
        check_choice("fruit", "plum", Fruit, Number)
    assert str(caught.value) == "fruit = 'plum' is not allowed: one of apple, pear, 1, 2"
    assert (caught.value.field, caught.value.value, caught.value.allowed) == (
        "fruit",
        "plum",
        "one of apple, pear, 1, 2",
    )


def test_numbers_at_the_limit_pass() -> None:
    check_at_least(Basket(), 0, "apples", "pears")
    check_at_least(Basket(), 2, "apples")


@pytest.mark.parametrize(("least", "allowed"), [(0, "zero or more"), (1, "a whole number of at least 1")])
@pytest.mark.parametrize("value", [-1, float("nan")])
def test_the_first_number_below_is_named(least: int, allowed: str, value: float) -> None:
    with pytest.raises(ConfigError, match=f"pears = {value!r} is not allowed: {allowed}"):
        check_at_least(Basket(pears=value), least, "apples", "pears")
