"""Splits into training and test clips, by held-out cities (the paper's rule) or by the official fold."""

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from common.errors import ConfigError, DataError, check_choice
from data_prep.duplicates import check_copies
from data_prep.identities import normalise_name

Rule = Literal["unseen-city", "official"]
_SHOWN = 10
_ONE_CITY = (
    "; to split a set of one city, write evaluation_setup/fold1_train.csv and fold1_evaluate.csv into its folder, each "
    "with a column filename and with all recordings of a place in the same list, and use --split official"
)


@dataclass(frozen=True, kw_only=True)
class SplitSettings:
    """Settings of a split.

    Attributes
    ----------
    rule
        `unseen-city` tests every scene in cities in which it is not trained (the paper's rule). `official` is fold 1 of
        the data set's evaluation setup, which separates locations.
    test_cities
        With `unseen-city`, the number of cities in which each scene is tested.
    train_devices
        Devices to train on, or ("all",) for every device in the training split; sorted and without duplicates.
    """

    rule: Rule = "unseen-city"
    test_cities: int = 3
    train_devices: tuple[str, ...] = ("a",)

    def __post_init__(self) -> None:
        check_choice("rule", self.rule, Rule)
        if self.test_cities < 1:
            raise ConfigError("test_cities", self.test_cities, "at least 1")
        devices = tuple(sorted(set(map(normalise_name, self.train_devices))))
        if not devices or ("all" in devices and len(devices) > 1):
            raise ConfigError("train_devices", self.train_devices, "names of devices, or all alone")
        object.__setattr__(self, "train_devices", devices)


def make_split(clips: pd.DataFrame, settings: SplitSettings) -> pd.Series:
    """Split clips into training and test clips.

    With `unseen-city`, the i-th of the sorted scenes (from 0) is tested in the cities i to i + test_cities - 1 (modulo
    the number of cities) of the sorted cities. The test split has the clips of all devices of these pairs, the training
    split the training devices' clips of the other pairs.

    Parameters
    ----------
    clips
        The clips table: columns clip, scene, city, location, device, fold, and, in a prepared set, sha256 and silent.
    settings
        Settings of the split.

    Returns
    -------
    Series
        "train", "test" or "unused" for each clip; name "part", index as clips.

    Raises
    ------
    ConfigError
        If there are too few cities, or a training device has no clips in the training split.
    DataError
        If the split violates a condition of `check_split`, or the official fold is missing.

    Examples
    --------
    >>> columns = ["clip", "scene", "city", "location", "device", "fold"]
    >>> clips = pd.DataFrame(
    ...     [(f"{s}-{c}.wav", s, c, c, "a", "") for s in ("bus", "park") for c in ("oslo", "rome")], columns=columns
    ... )
    >>> make_split(clips, SplitSettings(test_cities=1)).tolist()
    ['test', 'train', 'train', 'test']
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
            "the official split needs the lists evaluation_setup/fold1_train.csv and fold1_evaluate.csv, but they do "
            "not contain any clip of the set; add them and prepare again, or split by unseen-city"
        )
    return clips["fold"].replace("", "unused").astype("str").rename("part")


def check_split(clips: pd.DataFrame, part: pd.Series, settings: SplitSettings) -> None:
    """Check a split.

    No clip, no (city, scene) pair (`unseen-city`) and no location (`official`) may be in both splits. Training clips
    must be of the training devices. Both splits must contain every scene. Identical recordings must have the same scene
    and be in the same split.

    Raises
    ------
    DataError
        If a condition is violated; the message names the rows or scenes.
    """
    kinds = sorted(set(part) - {"train", "test", "unused"})
    if kinds or not part.index.equals(clips.index):
        raise DataError(f"a split assigns train, test or unused to each clip; this one has {kinds}")
    _apart(clips, part, ["clip"])
    _apart(clips, part, ["city", "scene"] if settings.rule == "unseen-city" else ["location"])
    if settings.train_devices != ("all",):
        stray = clips[(part == "train") & ~clips["device"].isin(settings.train_devices)]
        if len(stray):
            raise DataError(f"training clips of devices that are not training devices: {_names(stray['clip'])}")
    for side in ("train", "test"):
        missing = sorted(set(clips["scene"]) - set(clips["scene"][part == side]))
        if missing or not (part == side).any():
            devices = f" (of devices {', '.join(settings.train_devices)})" if side == "train" else ""
            raise DataError(f"no {side} clip{devices} of scene {', '.join(missing) or 'any'}; {_remedy(clips, side)}")
    check_copies(clips, part)


def _remedy(clips: pd.DataFrame, side: str) -> str:
    """Return advice for the case that a scene is missing in one split."""
    bare = clips.loc[clips["city"] == clips["location"], "location"].drop_duplicates()
    if len(bare):
        return (
            f"{len(bare)} identifiers without a hyphen are taken for cities ({_names(bare)}): write <city>-<place>, or "
            "use --city COLUMN if a column of meta.csv has the city"
        )
    if side == "train":
        return "train on more devices (--train-devices) or test in fewer cities (--test-cities)"
    return "test in more cities (--test-cities), or write lists of the split (--split official)"


def _apart(clips: pd.DataFrame, part: pd.Series, columns: list[str]) -> None:
    """Raise DataError if a combination of values in `columns` is in both splits."""
    used = clips[part.isin(["train", "test"])]
    sides = part[used.index].groupby([used[column] for column in columns], observed=True).transform("nunique")
    torn = used[sides > 1]
    if len(torn):
        rows = torn["clip"] + " (" + part[torn.index] + ")"
        raise DataError(f"{len(torn)} clips whose {' and '.join(columns)} are on both sides: {_names(rows)}")


def _names(rows: pd.Series) -> str:
    return ", ".join(rows[:_SHOWN]) + (f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else "")


def seen_devices(clips: pd.DataFrame, part: pd.Series) -> tuple[str, ...]:
    """Return the devices of the training split, in alphabetical order."""
    return tuple(sorted(set(clips["device"][part == "train"])))


def count_table(clips: pd.DataFrame, part: pd.Series) -> pd.DataFrame:
    """Count clips by part and device (rows) and by scene (columns), with the total in column `all`.

    Examples
    --------
    >>> clips = pd.DataFrame({"scene": ["bus", "bus", "park"], "device": ["a", "b", "a"]})
    >>> counts = count_table(clips, pd.Series(["train", "test", "train"]))
    >>> counts.loc[("train", "a")].to_dict()
    {'bus': 1, 'park': 1, 'all': 2}
    """
    counts = pd.crosstab([part.rename("part"), clips["device"]], clips["scene"])
    order = [side for side in ("train", "test", "unused") if side in counts.index.get_level_values("part")]
    counts = counts.reindex(order, level="part")
    return counts.assign(all=counts.sum(axis=1))
