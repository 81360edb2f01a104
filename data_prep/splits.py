"""Splits: which clips train and which test, by the paper's rule or the official fold, checked on the finished table."""

from dataclasses import dataclass
from typing import Literal, get_args

import pandas as pd

from common.errors import ConfigError, DataError
from data_prep.duplicates import check_copies
from data_prep.identities import normalise_name

Rule = Literal["unseen-city", "official"]
_SHOWN = 10
_ONE_CITY = (
    "; a set of one city can be split by lists of your own: evaluation_setup/fold1_train.csv and "
    "fold1_evaluate.csv in its folder, each with a column filename, recordings of one place in one of them; then say "
    "--split official"
)


@dataclass(frozen=True, kw_only=True)
class SplitSettings:
    """How clips are dealt out.

    Attributes
    ----------
    rule
        `unseen-city` tests every scene in cities that it is not trained in (the paper's rule); `official` is fold 1 of
        the data set's own evaluation setup, which keeps locations apart.
    test_cities
        With `unseen-city`, in how many cities each scene is tested.
    train_devices
        Devices to train on, or ("all",) for every device that the training side has. Order and repetition do not
        matter.
    """

    rule: Rule = "unseen-city"
    test_cities: int = 3
    train_devices: tuple[str, ...] = ("a",)

    def __post_init__(self) -> None:
        if self.rule not in get_args(Rule):
            raise ConfigError("rule", self.rule, f"one of {', '.join(get_args(Rule))}")
        if self.test_cities < 1:
            raise ConfigError("test_cities", self.test_cities, "at least 1")
        devices = tuple(sorted(set(map(normalise_name, self.train_devices))))
        if not devices or ("all" in devices and len(devices) > 1):
            raise ConfigError("train_devices", self.train_devices, "names of devices, or all alone")
        object.__setattr__(self, "train_devices", devices)


def make_split(clips: pd.DataFrame, settings: SplitSettings) -> pd.Series:
    """Deal out clips.

    With `unseen-city`, scene number i of the scenes present (alphabetical, from 0) tests in the cities number
    (i .. i + test_cities - 1) modulo n of the n cities present; the test side has every device's clips of these pairs,
    the training side the training devices' clips of the other pairs.

    Parameters
    ----------
    clips
        The clips table: columns clip, scene, city, location, device, fold; sha256 and silent once they are known.
    settings
        The rule.

    Returns
    -------
    Series
        "train", "test" or "unused" for each clip; name "part", index as clips.

    Raises
    ------
    ConfigError
        If there are too few cities, or a training device of which the training side has no clip.
    DataError
        If the result breaks a law (see `check_split`), or the official fold is asked for and not there.
    """
    sides = _unseen_city(clips, settings.test_cities) if settings.rule == "unseen-city" else _official(clips)
    known = sorted(set(clips["device"][sides == "train"]))
    devices = known if settings.train_devices == ("all",) else settings.train_devices
    unknown = sorted(set(devices) - set(known))
    if unknown:
        named = ", ".join(unknown)
        raise ConfigError("train_devices", named, f"the training side has clips of {', '.join(known) or 'no device'}")
    part = sides.mask((sides == "train") & ~clips["device"].isin(devices), "unused")
    check_split(clips, part, settings)
    return part


def _unseen_city(clips: pd.DataFrame, test_cities: int) -> pd.Series:
    cities, scenes = sorted(set(clips["city"])), sorted(set(clips["scene"]))
    if test_cities >= len(cities):
        allowed = f"less than the number of cities, which is {len(cities)} ({', '.join(cities)}){_ONE_CITY}"
        raise ConfigError("test_cities", test_cities, allowed if len(cities) == 1 else allowed.removesuffix(_ONE_CITY))
    city = clips["city"].map({name: number for number, name in enumerate(cities)})
    scene = clips["scene"].map({name: number for number, name in enumerate(scenes)})
    tested = (city - scene) % len(cities) < test_cities
    return tested.map({True: "test", False: "train"}).astype("str").rename("part")


def _official(clips: pd.DataFrame) -> pd.Series:
    if not clips["fold"].isin(["train", "test"]).any():
        raise DataError(
            "the official split needs the data set's lists evaluation_setup/fold1_train.csv and fold1_evaluate.csv, "
            "and none of its clips is in them; add them and prepare again, or split by unseen-city"
        )
    return clips["fold"].replace("", "unused").astype("str").rename("part")


def check_split(clips: pd.DataFrame, part: pd.Series, settings: SplitSettings) -> None:
    """Hold a finished split against the laws of its rule, whoever made it.

    No clip stands on both sides, and no (city, scene) pair (`unseen-city`) or location (`official`); no clip trains
    whose device was not asked for; each scene trains and is tested; no two clips of several scenes, or on both sides,
    are the same recording.

    Raises
    ------
    DataError
        Naming the rows or scenes that break a law.
    """
    kinds = sorted(set(part) - {"train", "test", "unused"})
    if kinds or not part.index.equals(clips.index):
        raise DataError(f"a split says train, test or unused for each clip of its set; this one says {kinds}")
    _apart(clips, part, ["clip"])
    _apart(clips, part, ["city", "scene"] if settings.rule == "unseen-city" else ["location"])
    if settings.train_devices != ("all",):
        stray = clips[(part == "train") & ~clips["device"].isin(settings.train_devices)]
        if len(stray):
            raise DataError(f"training clips of devices that were not asked for: {_names(stray['clip'])}")
    for side in ("train", "test"):
        missing = sorted(set(clips["scene"]) - set(clips["scene"][part == side]))
        if missing or not (part == side).any():
            devices = f" (of devices {', '.join(settings.train_devices)})" if side == "train" else ""
            raise DataError(f"no {side} clip{devices} of scene {', '.join(missing) or 'any'}; {_remedy(clips, side)}")
    check_copies(clips, part)


def _remedy(clips: pd.DataFrame, side: str) -> str:
    """Return what to do where a scene is missing on one side."""
    bare = clips.loc[clips["city"] == clips["location"], "location"].drop_duplicates()
    if len(bare):
        return (
            f"{len(bare)} identifiers without a hyphen are cities of their own ({_names(bare)}): write <city>-<place>, "
            "or say --city COLUMN, the column of meta.csv that names the city"
        )
    if side == "train":
        return "train on more devices (--train-devices) or test in fewer cities (--test-cities)"
    return "test in more cities (--test-cities), or by lists of your own (--split official)"


def _apart(clips: pd.DataFrame, part: pd.Series, columns: list[str]) -> None:
    """Raise if any combination of values in `columns` stands on both sides."""
    used = clips[part.isin(["train", "test"])]
    sides = part[used.index].groupby([used[column] for column in columns], observed=True).transform("nunique")
    torn = used[sides > 1]
    if len(torn):
        rows = torn["clip"] + " (" + part[torn.index] + ")"
        raise DataError(f"{len(torn)} clips whose {' and '.join(columns)} are on both sides: {_names(rows)}")


def _names(rows: pd.Series) -> str:
    return ", ".join(rows[:_SHOWN]) + (f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else "")


def seen_devices(clips: pd.DataFrame, part: pd.Series) -> tuple[str, ...]:
    """Return the devices that training hears, in alphabetical order."""
    return tuple(sorted(set(clips["device"][part == "train"])))


def count_table(clips: pd.DataFrame, part: pd.Series) -> pd.DataFrame:
    """Count clips: a row for each (part, device) that has any, a column for each scene, then `all`."""
    counts = pd.crosstab([part.rename("part"), clips["device"]], clips["scene"])
    order = [side for side in ("train", "test", "unused") if side in counts.index.get_level_values("part")]
    counts = counts.reindex(order, level="part")
    return counts.assign(all=counts.sum(axis=1))
