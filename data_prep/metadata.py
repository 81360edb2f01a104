"""The clips table of a data set: metadata of each recording, read, normalised and checked."""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from common.errors import ConfigError
from data_prep.folds import read_folds
from data_prep.identities import normalise_name, path_key, spelling_key, spellings
from data_prep.layouts import Layout, device_kinds
from data_prep.listing import COLUMNS, MADE, META, Listing, Reading, Row, read_listing
from data_prep.lookup import find_recordings
from data_prep.problems import Problem, warnings_about

_PART = r"(?!\.{0,2}(?:/|$))[^/\\]+"
_INSIDE = re.compile(rf"(?![A-Za-z]:){_PART}(?:/{_PART})*")
_NAMED = 0.9  # share of file names ending in the device from which on this is taken to be the convention


def read_clips(
    root: Path, layout: Layout, reference_device: str = "a", *, check_files: bool = True, reading: Reading | None = None
) -> tuple[pd.DataFrame, list[Problem], list[str]]:
    """Read the metadata lists of a data set.

    Parameters
    ----------
    root
        Folder that holds meta.csv or, in the layout `folder`, one folder per class.
    layout
        Constraints on the lists.
    reference_device
        Device whose `kind` is "reference"; see `device_kinds` for the kinds of the others.
    check_files
        Whether to check that the recordings exist.
    reading
        How cities and devices are read if the lists do not define them.

    Returns
    -------
    clips, problems, warnings
        The valid rows, in order, with str columns clip, recording, scene, city, location, device, kind, fold; the
        problems of the other rows; and warnings. Names are normalised by `normalise_name`; clips are named as on disk.

    Raises
    ------
    Problems
        If a list cannot be read: it is absent, lacks columns or has no rows.
    ConfigError
        If no clip is of the reference device, or `reading` does not fit the lists.
    """
    reading, reference_device = reading or Reading(), normalise_name(reference_device)
    listing = read_listing(root, layout, reading)
    clips, problems = _check_rows(listing, layout)
    scenes = {path_key(row.clip): normalise_name(row.scene) for row in listing.rows}
    folds, fold_problems, fold_warnings = read_folds(root, scenes)
    clips["fold"] = [folds.get(path_key(clip), "") for clip in clips["clip"]]
    warnings = [*listing.warnings, *fold_warnings]
    if check_files:
        clips, absent, looked = _check_files(root, clips, layout, len(listing.rows), reading.follow_links)
        problems += absent
        warnings += looked
    clips = clips.drop(columns="line").reset_index(drop=True).astype("str")
    known = sorted(set(clips["device"]))
    if known and reference_device not in known:
        raise ConfigError("reference_device", reference_device, f"one of the set's devices: {', '.join(known)}")
    kinds = device_kinds(known, reference_device, made=(root / MADE).is_file())
    clips.insert(len(clips.columns) - 1, "kind", clips["device"].map(kinds).astype("str"))
    listed = pd.DataFrame({"scene": map(normalise_name, (row.scene for row in listing.rows))})
    listed["device"] = [normalise_name(row.device) for row in listing.rows]
    return clips, problems + fold_problems, warnings + lost_name_warnings(listed, clips)


def lost_name_warnings(before: pd.DataFrame, after: pd.DataFrame) -> list[str]:
    """Return warnings that name the devices and scenes that occur in `before` but not in `after`, in any spelling."""
    warnings = []
    for what in ("device", "scene"):
        left = {spelling_key(name) for name in after[what]}
        gone = {name for name in before[what] if name and spelling_key(name) not in left}
        warnings += warnings_about(f"{what}s are left without any clip", gone)
    return warnings


def _check_rows(listing: Listing, layout: Layout) -> tuple[pd.DataFrame, list[Problem]]:
    """Return the valid rows as the clips table (with a column `line`), and the problems of the others."""
    misspelt, problems = _misspelt(listing.rows)
    problems += listing.problems
    says_device = layout.indices is not None or _say_device(listing.rows)
    devices = {row.device for row in listing.rows}
    seen: dict[str, Row] = {}
    good = []
    for number, row in enumerate(listing.rows):
        stem = os.path.splitext(row.clip.strip())[0]
        suffix = stem.rpartition("-")[2]
        values = (row.scene, row.city, row.location, row.device)
        scene, city, location, device = map(normalise_name, values)
        faults = [*_row_faults(row), *layout.faults(row.clip, scene, city, device)]
        if layout.indices is None and says_device and suffix != device and suffix in devices:
            faults.append(f"the row has device {device!r}, the file's name {suffix!r}, as the other names do")
        first = seen.setdefault(path_key(row.clip), row)
        if first is not row:
            where = f"listed in line {first.line} already" if first.line else f"is {first.clip} in another spelling"
            faults.append(where + (f", as {first.clip!r}" if first.line and first.clip != row.clip else ""))
        problems += map(row.problem, faults)
        if not faults and number not in misspelt:
            recording = stem.removesuffix(f"-{device}") if says_device else stem
            good.append((row.line or 0, row.clip.strip(), recording, scene, city, location, device))
    clips = pd.DataFrame(good, columns=["line", "clip", "recording", "scene", "city", "location", "device"])
    short = clips["recording"].str.rpartition("/")[2] if good else clips["recording"]
    if not pd.DataFrame({"recording": short, "device": clips["device"]}).duplicated().any():
        clips["recording"] = short  # the folder is needed only if recordings have the same name
    return clips, problems


def _say_device(rows: list[Row]) -> bool:
    """Return whether file names end in the device, as in TAU. Numbers are not taken for devices but for takes."""
    if any(row.device.isdecimal() for row in rows):
        return False
    said = sum(os.path.splitext(row.clip.strip())[0].endswith(f"-{row.device}") for row in rows)
    return said >= _NAMED * len(rows)


def _misspelt(rows: list[Row]) -> tuple[set[int], list[Problem]]:
    """Return the rows with a spelling of a name that is not the commonest, and one problem per such spelling."""
    misspelt: set[int] = set()
    problems = []
    for column in ("scene", "device", "city", "location"):
        # A location that is misspelt together with its city is reported once.
        kept = [number for number in range(len(rows)) if column != "location" or number not in misspelt]
        names = [getattr(rows[number], column) for number in kept]
        for name, right in spellings(filter(None, names)).items():
            wrong = [number for number, other in zip(kept, names, strict=True) if other == name]
            counts = f"{len(wrong)} clip{'s' * (len(wrong) != 1)}"
            same = f"{column} {_shown(name)} ({counts}) is {_shown(right)} ({names.count(right)}) in another spelling"
            problems.append(rows[wrong[0]].problem(f"{same}; write one of them"))
            misspelt.update(wrong)
    return misspelt, problems


def _shown(name: str) -> str:
    """Return a name in quotes, with characters other than ASCII escaped, so that similar spellings differ."""
    return repr(name) if name.isascii() else ascii(name)


def _path_fault(clip: str) -> str:
    if _INSIDE.fullmatch(clip):
        return ""
    parts = clip.split("/")
    for found, reason in (
        (not clip, "the file name is empty"),
        ("\\" in clip, "has a backslash; separate folders by /"),
        (clip.startswith("/") or clip[1:2] == ":", "is absolute; use a path relative to the data set's folder"),
        (".." in parts, "leads out of the data set"),
    ):
        if found:
            return reason
    return "has an empty part, or a part '.'"


def _row_faults(row: Row) -> Iterator[str]:
    """Yield the errors in a row that do not depend on the layout, in the order of COLUMNS."""
    fault = _path_fault(row.clip.strip())
    if fault:
        yield fault
    for column, value in zip(COLUMNS, (row.clip, row.scene, row.location, row.device), strict=True):
        if not value.strip():
            yield f"the column {column} is empty"
    if row.location.strip() and not row.city.strip():
        yield "the city is empty"


def _check_files(
    root: Path, clips: pd.DataFrame, layout: Layout, listed: int, follow_links: bool
) -> tuple[pd.DataFrame, list[Problem], list[str]]:
    """Return the clips whose files exist, named as on disk; the problems of the others; and warnings."""
    names, lines, devices = clips["clip"].tolist(), clips["line"].tolist(), clips["device"].tolist()
    found = find_recordings(root, names, follow_links=follow_links)
    dropped = layout.dropped_rows(listed, {row: devices[row] for row in found.absent})
    faults = {row: reason for row, reason in {**found.absent, **found.unusable}.items() if row not in dropped}
    problems = [Row(lines[row] or None, names[row], "", "", "", "").problem(reason) for row, reason in faults.items()]
    renamed: Iterable[str] = [names[row] for row in found.renamed]
    warnings = [
        *warnings_about("recordings that the data set's second version dropped are listed", clips["clip"][dropped]),
        *warnings_about("recordings are listed in another spelling than the disk's, which is used", renamed),
        *(
            warnings_about(f"recordings are not listed in {META}, and not used", found.unlisted)
            if (root / META).exists()
            else []
        ),
    ]
    clips["clip"] = [found.renamed.get(row, name) for row, name in enumerate(names)]
    return clips.drop(index=[*found.absent, *found.unusable]), problems, warnings
