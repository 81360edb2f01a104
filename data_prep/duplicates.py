"""Detection of identical recordings: errors across scenes or across a split, warnings otherwise."""

from collections.abc import Iterable

import pandas as pd

from common.errors import DataError

_SHOWN = 10


def copies(clips: pd.DataFrame) -> pd.DataFrame:
    """Return the clips whose files are identical, byte by byte, to another clip's file.

    Silent clips are left out, because there is a separate warning about them. The result is empty as long as the table
    has no column `sha256`, that is, before the recordings are read.
    """
    if "sha256" not in clips:
        return clips.iloc[:0].assign(sha256="")
    heard = clips[~clips["silent"]]
    return heard[heard.duplicated("sha256", keep=False)]


def check_copies(clips: pd.DataFrame, part: pd.Series) -> None:
    """Check that no recording occurs under two scenes or on both sides of a split.

    Parameters
    ----------
    clips
        The clips table.
    part
        "train", "test" or "unused" for each clip.

    Raises
    ------
    DataError
        If identical recordings have different scenes, or are in both the training and the test split.
    """
    same = copies(clips)
    used = same[part[same.index] != "unused"]
    for rows, by, what, remedy in (
        (same, same["scene"], "under several scenes", "correct the list"),
        (used, part[used.index], "in both the training and the test split", "remove all but one of each from the list"),
    ):
        torn = rows[by.groupby(rows["sha256"]).transform("nunique") > 1]
        if len(torn):
            groups = [" = ".join(group["clip"] + " (" + by[group.index] + ")") for _, group in _groups(torn)]
            raise DataError(f"{_count(f'recordings occur {what}', groups)}; {remedy}")


def copy_warnings(clips: pd.DataFrame) -> list[str]:
    """Return a warning that counts and names identical recordings; an empty list if there are none."""
    groups = [" = ".join(group["clip"]) for _, group in _groups(copies(clips))]
    return [_count("recordings occur more than once", groups)] if groups else []


def _count(what: str, groups: list[str]) -> str:
    more = f" and {len(groups) - _SHOWN} more" if len(groups) > _SHOWN else ""
    return f"{len(groups)} {what}, in files that are identical: {'; '.join(groups[:_SHOWN])}{more}"


def _groups(rows: pd.DataFrame) -> Iterable[tuple[object, pd.DataFrame]]:
    return rows.groupby("sha256", sort=False)
