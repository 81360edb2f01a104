"""Splits against a brute-force reading of the rule, their laws, and the counts of the official lists."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import AscError, ConfigError, DataError
from common.identity import digest
from data_prep.layouts import LAYOUTS
from data_prep.metadata import read_clips
from data_prep.splits import SplitSettings, check_split, count_table, make_split, seen_devices

TAU2020 = LAYOUTS["tau2020"]
SCENES, CITIES, DEVICES = TAU2020.scenes or (), TAU2020.cities or (), TAU2020.devices or ()


def table(rows: list[tuple[str, str, str, str, str]]) -> pd.DataFrame:
    """Make a clips table of (scene, city, location, device, fold)."""
    clips = pd.DataFrame(rows, columns=["scene", "city", "location", "device", "fold"], dtype="str")
    clips.insert(0, "clip", [f"audio/{number}.wav" for number in range(len(rows))])
    return clips.astype("str")


@pytest.fixture(scope="module")
def city_table() -> pd.DataFrame:
    """14,400 clips of device a, about 1,080 of each other; in each (city, scene) one location in four tests."""
    rng = np.random.default_rng(0)
    rows = []
    for scene in SCENES:
        for city in CITIES:
            for number in range(144):
                location, fold = f"{city}-{scene}-{number // 18}", "test" if number // 18 < 2 else "train"
                rows.append((scene, city, location, "a", fold))
                for device in DEVICES[1:] if number % 13 == rng.integers(13) or number < 2 else ():
                    late = device in ("s4", "s5", "s6") and fold == "train"
                    rows.append((scene, city, location, device, "" if late else fold))
    clips = table(rows)
    return clips.sample(frac=1, random_state=0)  # an order and an index that nothing may rely on


@pytest.mark.parametrize("test_cities", [1, 3, 9])
def test_unseen_city_is_the_rule_as_written(city_table: pd.DataFrame, test_cities: int) -> None:
    part = make_split(city_table, SplitSettings(test_cities=test_cities))
    pairs = {
        (scene, CITIES[(number + step) % 10]) for number, scene in enumerate(SCENES) for step in range(test_cities)
    }
    for row, told in zip(city_table.itertuples(), part, strict=True):
        expected = "test" if (row.scene, row.city) in pairs else "train" if row.device == "a" else "unused"
        assert told == expected, row
    assert part.name == "part"
    assert part.index.equals(city_table.index)


def test_unseen_city_gives_the_counts_of_balanced_pairs(city_table: pd.DataFrame) -> None:
    part = make_split(city_table, SplitSettings())
    counts = count_table(city_table, part)
    assert counts.loc[("train", "a"), "all"] == 14_400 * 7 / 10
    assert counts.loc[("test", "a"), "all"] == 14_400 * 3 / 10
    assert list(counts.loc[("test", "a"), list(SCENES)]) == [432] * 10
    assert seen_devices(city_table, part) == ("a",)
    assert counts["all"].sum() == len(city_table)
    assert list(counts.loc["unused"].index) == list(DEVICES[1:])


def test_all_devices_may_train(city_table: pd.DataFrame) -> None:
    part = make_split(city_table, SplitSettings(train_devices=("all",)))
    assert seen_devices(city_table, part) == DEVICES
    assert "unused" not in set(part)
    few = make_split(city_table, SplitSettings(train_devices=("b", "s2")))
    assert seen_devices(city_table, few) == ("b", "s2")
    assert (few == "test").equals(part == "test")


def test_official_is_the_fold_restricted_to_the_training_devices(city_table: pd.DataFrame) -> None:
    part = make_split(city_table, SplitSettings(rule="official"))
    assert ((part == "test") == (city_table["fold"] == "test")).all()
    assert ((part == "train") == ((city_table["fold"] == "train") & (city_table["device"] == "a"))).all()
    everything = make_split(city_table, SplitSettings(rule="official", train_devices=("all",)))
    assert (everything.replace("unused", "") == city_table["fold"]).all()
    assert seen_devices(city_table, everything) == ("a", "b", "c", "s1", "s2", "s3")


def test_training_devices_that_cannot_train_are_named(city_table: pd.DataFrame) -> None:
    with pytest.raises(ConfigError, match=r"train_devices = 'phone, s9' .* a, b, c, s1"):
        make_split(city_table, SplitSettings(train_devices=("a", "phone", "s9")))
    with pytest.raises(ConfigError, match=r"train_devices = 's4' .* a, b, c, s1, s2, s3$"):
        make_split(city_table, SplitSettings(rule="official", train_devices=("s4",)))


def test_too_many_test_cities_are_refused(city_table: pd.DataFrame) -> None:
    with pytest.raises(ConfigError, match=r"test_cities = 10 .* which is 10"):
        make_split(city_table, SplitSettings(test_cities=10))


@pytest.mark.parametrize(
    ("field", "value"),
    [("rule", "random"), ("test_cities", 0), ("train_devices", ()), ("train_devices", ("all", "a"))],
)
def test_settings_are_checked(field: str, value: object) -> None:
    with pytest.raises(ConfigError, match=field):
        dataclasses.replace(SplitSettings(), **{field: value})  # type: ignore[arg-type]


def test_the_order_of_training_devices_is_no_difference() -> None:
    assert digest(SplitSettings(train_devices=("b", "a", "b"))) == digest(SplitSettings(train_devices=("a", "b")))
    assert SplitSettings(train_devices=("e\u0301", "\u00e9")).train_devices == ("\u00e9",)


def test_official_without_lists_is_an_error(city_table: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="evaluation_setup"):
        make_split(city_table.assign(fold=""), SplitSettings(rule="official"))


def test_a_location_on_both_sides_is_named() -> None:
    clips = table(
        [
            ("bus", "lyon", "lyon-1", "a", "train"),
            ("bus", "lyon", "lyon-2", "a", "test"),
            ("bus", "lyon", "lyon-3", "a", "train"),
            ("bus", "lyon", "lyon-3", "b", "test"),
        ]
    )
    with pytest.raises(DataError, match=r"2 clips whose location .*audio/2.wav \(train\), audio/3.wav \(test\)"):
        make_split(clips, SplitSettings(rule="official"))


def test_scenes_that_cannot_train_or_be_tested_are_named() -> None:
    rows = [
        (scene, city, f"{city}-1", "a", "") for scene in ("bus", "park", "tram") for city in ("lyon", "oslo", "rome")
    ]
    one = SplitSettings(test_cities=1)
    make_split(table(rows), one)
    with pytest.raises(DataError, match="no test clip of scene park"):  # park, number 1, tests in oslo
        make_split(table([row for row in rows if row[:2] != ("park", "oslo")]), one)
    moved = [(*row[:3], "b", "") if row[0] != "park" else row for row in rows]
    with pytest.raises(DataError, match=r"no train clip \(of devices a\) of scene bus, tram"):
        make_split(table(moved), one)


def test_one_city_is_told_how_it_can_be_split() -> None:
    rows = [(scene, "oslo", f"oslo-{place}", "a", "") for scene in ("bus", "park") for place in range(2)]
    with pytest.raises(ConfigError, match=r"which is 1 \(oslo\); .*fold1_train\.csv.*--split official"):
        make_split(table(rows), SplitSettings())


def test_identifiers_without_a_hyphen_are_told_so() -> None:
    rows = [("bus" if place % 2 else "park", str(place), str(place), "a", "") for place in range(8)]
    with pytest.raises(DataError, match=r"8 identifiers without a hyphen are taken for cities .*<city>-<place>"):
        make_split(table(rows), SplitSettings(test_cities=1))


def test_finished_splits_are_not_trusted(city_table: pd.DataFrame) -> None:
    split = SplitSettings()
    part = make_split(city_table, split)
    check_split(city_table, part, split)
    unused, train = part.index[part == "unused"][0], part.index[part == "train"][0]
    for row, value, reason in (
        (
            unused,
            "train",
            f"are not training devices: {city_table.at[unused, 'clip']}",
        ),
        (train, "test", "city and scene are on both sides"),
        (train, "valid", "valid"),
    ):
        broken = part.copy()
        broken[row] = value
        with pytest.raises(DataError, match=reason):
            check_split(city_table, broken, split)
    with pytest.raises(DataError, match="each clip"):
        check_split(city_table, part.iloc[1:], split)
    twice = pd.concat([city_table, city_table.loc[[train]].assign(city="atlantis", scene="lift")], ignore_index=True)
    with pytest.raises(DataError, match="whose clip are on both sides"):
        check_split(twice, pd.Series([*part, "test"]), split)


ROWS = st.lists(
    st.tuples(
        st.sampled_from("pqr"), st.sampled_from("uvwx"), st.sampled_from("123"), st.sampled_from(["a", "b", "s1"])
    ),
    min_size=12,
    max_size=60,
)
BY_PLACE = {"1": "train", "2": "test", "3": ""}
BY_DEVICE = {"a": "train", "b": "test", "s1": ""}


@settings(max_examples=300, deadline=None)
@given(ROWS, st.integers(1, 3), st.sampled_from([("a",), ("all",), ("a", "b")]), st.booleans())
def test_no_table_has_a_split_that_leaks(
    rows: list[tuple[str, str, str, str]], cities: int, devices: tuple[str, ...], tears: bool
) -> None:
    """Folds go by place, as an official one does, or by device, which tears locations apart."""
    clips = table([(s, c, f"{c}-{p}", d, BY_DEVICE[d] if tears else BY_PLACE[p]) for s, c, p, d in rows])
    for split in (
        SplitSettings(test_cities=cities, train_devices=devices),
        SplitSettings(rule="official", train_devices=devices),
    ):
        try:
            part = make_split(clips, split)
        except AscError:
            continue
        columns = ["location"] if split.rule == "official" else ["city", "scene"]
        train, test = clips[part == "train"], clips[part == "test"]
        assert train.merge(test, on=columns).empty
        assert set(train["scene"]) == set(test["scene"]) == set(clips["scene"])
        assert devices == ("all",) or set(train["device"]) <= set(devices)
        assert split.rule == "unseen-city" or (clips["fold"][part != "unused"] == part[part != "unused"]).all()


def test_the_official_lists_give_the_published_counts(tau_lists: Path) -> None:
    clips, _, _ = read_clips(tau_lists, TAU2020, check_files=False)
    if len(clips) != 23_035:
        pytest.skip("the lists are the first version's")
    counts = count_table(clips, make_split(clips, SplitSettings()))["all"]
    assert counts["train"].to_dict() == {"a": 10_092}
    assert counts["test", "a"] == 4_308
    assert all(322 <= counts["test", device] <= 324 for device in DEVICES[1:])
    part = make_split(clips, SplitSettings(rule="official", train_devices=("all",)))
    official = count_table(clips, part)["all"]
    assert official["train"].to_dict() == {"a": 10_215, "b": 749, "c": 748, "s1": 750, "s2": 750, "s3": 750}
    assert official["test"].to_dict() == {device: 329 if device in "bc" else 330 for device in DEVICES}
    assert clips["location"][part == "train"].nunique() == 365
    assert clips["location"][part == "test"].nunique() == 146
