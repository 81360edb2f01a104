"""The same recording twice: under two scenes or on both sides of a split it is an error, elsewhere a warning."""

from collections.abc import Iterable

import pandas as pd

from common.errors import DataError

_SHOWN = 10


def copies(clips: pd.DataFrame) -> pd.DataFrame:
    """Return the clips whose files equal another clip's, byte by byte.

    Clips of nothing but zeros are left out: they are warned of as such. Before recordings are read there is no
    `sha256`, and none is found.
    """
    if "sha256" not in clips:
        return clips.iloc[:0].assign(sha256="")
    heard = clips[~clips["silent"]]
    return heard[heard.duplicated("sha256", keep=False)]


def check_copies(clips: pd.DataFrame, part: pd.Series) -> None:
    """Hold a split against copies.

    Parameters
    ----------
    clips
        The clips table.
    part
        "train", "test" or "unused" for each clip.

    Raises
    ------
    DataError
        If one recording is there under two scenes, or is both trained on and tested.
    """
    same = copies(clips)
    used = same[part[same.index] != "unused"]
    for rows, by, what, remedy in (
        (same, same["scene"], "under several scenes", "correct the list"),
        (used, part[used.index], "both to train on and to test", "take all but one of each out of the list"),
    ):
        torn = rows[by.groupby(rows["sha256"]).transform("nunique") > 1]
        if len(torn):
            groups = [" = ".join(group["clip"] + " (" + by[group.index] + ")") for _, group in _groups(torn)]
            raise DataError(f"{_tell(f'recordings are there {what}', groups)}; {remedy}")


def copy_warnings(clips: pd.DataFrame) -> list[str]:
    """Return a warning that counts and names recordings that are there more than once."""
    groups = [" = ".join(group["clip"]) for _, group in _groups(copies(clips))]
    return [_tell("recordings are there more than once", groups)] if groups else []


def _tell(what: str, groups: list[str]) -> str:
    more = f" and {len(groups) - _SHOWN} more" if len(groups) > _SHOWN else ""
    return f"{len(groups)} {what}, in files that are identical: {'; '.join(groups[:_SHOWN])}{more}"


def _groups(rows: pd.DataFrame) -> Iterable[tuple[object, pd.DataFrame]]:
    return rows.groupby("sha256", sort=False)
