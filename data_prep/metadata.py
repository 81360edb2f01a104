"""The lists of a data set (meta.csv, evaluation_setup/): every row read, every fault found, in one pass."""

import codecs
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from common.errors import ConfigError, DataError
from data_prep.layouts import Layout, alike_but_for_case, device_kinds

META = "meta.csv"
MADE = "made.json"  # stands beside meta.csv where the recordings were made by this project
COLUMNS = ("filename", "scene_label", "identifier", "source_label")
FOLDS = {
    f"evaluation_setup/fold1_{name}.csv": side for name, side in (("train",) * 2, ("test",) * 2, ("evaluate", "test"))
}
_SHOWN = 50
_LONGEST = 1_000
_UNREADABLE = re.compile("[\x00-\x08\x0a-\x1f\x7f\udc80-\udcff]")
_PART = r"(?!\.{0,2}(?:/|$))[^/\\]+"
_INSIDE = re.compile(rf"(?![A-Za-z]:){_PART}(?:/{_PART})*")
_AUDIO = (".wav", ".flac", ".ogg")


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a data set.

    Attributes
    ----------
    file
        The list, or the recording, relative to the data set's root.
    line
        Line of the list, from 1, where it is about one.
    reason
        What was found, and what should have been.
    """

    file: str
    line: int | None
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}" if self.line else f"{self.file}: {self.reason}"


class Problems(DataError):
    """A data set has problems: the first 50 are in the message, all in `problems`, by file and line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(problems, key=lambda problem: (problem.file, problem.line or 0, problem.reason))
        count = len(self.problems)
        shown = [f"{count} problem{'s' * (count != 1)} in the data set:", *map(str, self.problems[:_SHOWN])]
        more = [f"and {count - _SHOWN} more"] if count > _SHOWN else []
        super().__init__("\n  ".join(shown + more))


@dataclass(frozen=True)
class _List:
    """The well-formed rows of a list with their line numbers, and what was wrong with the others."""

    rows: list[tuple[int, tuple[str, ...]]]
    problems: list[Problem]


def read_clips(
    root: Path, layout: Layout, reference_device: str = "a", *, check_files: bool = True
) -> tuple[pd.DataFrame, list[Problem], list[str]]:
    """Read a data set's lists.

    Parameters
    ----------
    root
        The folder that holds meta.csv.
    layout
        What the lists may say.
    reference_device
        The device whose `kind` is "reference". Others are "real" or "simulated": all of a set whose recordings were
        made here, and those named s1, s2, ... where all are named as in TAU.
    check_files
        Whether to look for the recordings (their names, not their content).

    Returns
    -------
    clips, problems, warnings
        The rows without faults, in order, with str columns clip, recording, scene, city, location, device, kind, fold;
        what is wrong with the others; and what is odd but harmless.

    Raises
    ------
    Problems
        If a list as a whole cannot be read: absent, other columns, no rows.
    ConfigError
        If no clip is of the reference device.
    """
    meta = _read_list(root, META, (COLUMNS, COLUMNS[:3]) if layout.only_device else (COLUMNS,))
    if not meta.rows:
        raise Problems(meta.problems)
    clips, problems = _check_rows(meta, layout)
    folds, fold_problems, warnings = _read_folds(root, {fields[0]: fields[1] for _, fields in meta.rows})
    clips["fold"] = [folds.get(clip, "") for clip in clips["clip"]]
    if check_files:
        names, lines, devices = clips["clip"].tolist(), clips["line"].tolist(), clips["device"].tolist()
        absent, unusable, unlisted = _look_for(root, names)
        dropped = layout.dropped_rows(len(meta.rows), {row: devices[row] for row in absent})
        faults = {row: reason for row, reason in {**absent, **unusable}.items() if row not in dropped}
        problems += [Problem(META, lines[row], f"{_quote(names[row])}: {reason}") for row, reason in faults.items()]
        warnings += _tell("recordings that the data set's second version dropped are listed", clips["clip"][dropped])
        warnings += _tell(f"recordings are not listed in {META}, and not used", unlisted)
        clips = clips.drop(index=[*absent, *unusable])
    clips = clips.drop(columns="line").reset_index(drop=True).astype("str")
    known = sorted(set(clips["device"]))
    if known and reference_device not in known:
        raise ConfigError("reference_device", reference_device, f"one of the devices in {META}: {', '.join(known)}")
    kinds = device_kinds(known, reference_device, made=(root / MADE).is_file())
    clips.insert(len(clips.columns) - 1, "kind", clips["device"].map(kinds).astype("str"))
    warnings += _tell("devices differ from another only in case", alike_but_for_case(known))
    warnings += _tell("cities differ from another only in case", alike_but_for_case(sorted(set(clips["city"]))))
    return clips, problems + fold_problems, warnings


def _tell(what: str, names: Iterable[str]) -> list[str]:
    names = sorted(names)
    more = ", ..." if len(names) > 5 else ""
    return [f"{len(names)} {what}: {', '.join(map(_quote, names[:5]))}{more}"] if names else []


def _quote(value: str) -> str:
    return repr(value) if len(value) <= 80 else f"{value[:60]!r}... ({len(value)} characters)"


def _read_list(root: Path, file: str, allowed: tuple[tuple[str, ...], ...]) -> _List:
    """Split a tab-separated list (UTF-8 with or without BOM, any line ends) into well-formed rows and problems."""
    try:
        data = (root / file).read_bytes()
    except OSError as error:
        return _List([], [Problem(file, None, f"cannot be read in {root}: {error.strerror}")])
    text = data.removeprefix(codecs.BOM_UTF8).decode("utf-8", "surrogateescape").replace("\r\n", "\n")
    header, *lines = text.rstrip("\n").split("\n")
    columns = tuple(header.split("\t"))
    if columns not in allowed:
        comma = "; separate them by tabs, not commas" if tuple(header.split(",")) in allowed else ""
        wanted = f"the columns {', '.join(allowed[0])} are wanted"
        return _List([], [Problem(file, 1, f"{wanted}, {_quote(header)} is there{comma}")])
    rows, problems = [], [] if lines else [Problem(file, 1, "the list has no rows")]
    for number, line in enumerate(lines, 2):
        fields = tuple(line.split("\t"))
        fault = _line_fault(line, fields, len(columns))
        if fault:
            problems.append(Problem(file, number, fault))
        else:
            rows.append((number, fields))
    return _List(rows, problems)


def _line_fault(line: str, fields: tuple[str, ...], columns: int) -> str:
    if _UNREADABLE.search(line):
        return f"{_quote(line)} holds bytes that are no UTF-8 text, or control characters"
    if len(line) > _LONGEST:
        longest = max(fields, key=len)
        return f"a field is too long: {_quote(longest)}"
    if len(fields) != columns:
        comma = "; separate them by tabs, not commas" if len(line.split(",")) == columns else ""
        return f"{columns} fields are wanted, {len(fields)} are there: {_quote(line)}{comma}"
    return ""


def _path_fault(clip: str) -> str:
    if _INSIDE.fullmatch(clip):
        return ""
    parts = clip.split("/")
    for found, reason in (
        (not clip, "the file name is empty"),
        ("\\" in clip, "has a backslash; separate folders by /"),
        (clip.startswith("/") or clip[1:2] == ":", "is absolute; name it from the data set's root"),
        (".." in parts, "climbs out of the data set"),
    ):
        if found:
            return reason
    return "has an empty part, or one called '.'"


def _check_rows(meta: _List, layout: Layout) -> tuple[pd.DataFrame, list[Problem]]:
    """Turn well-formed rows into the clips table (with a column `line`), and faulty ones into problems."""
    problems = list(meta.problems)
    seen: dict[str, tuple[int, str]] = {}
    good = []
    devices = {fields[3] for _, fields in meta.rows if len(fields) == 4}
    for line, fields in meta.rows:
        clip, scene, location = fields[:3]
        device = (fields[3] if len(fields) == 4 else "") or layout.only_device or ""
        city = location.rpartition("-")[0] or location
        stem = os.path.splitext(clip)[0]
        suffix = stem.rpartition("-")[2]
        faults = [*_row_faults(clip, scene, location, device), *layout.faults(clip, scene, city, device)]
        if layout.indices is None and suffix != device and suffix in devices:
            faults.append(f"the row says device {device!r}, the file's name {suffix!r}")
        first = seen.setdefault(unicodedata.normalize("NFC", clip).casefold(), (line, clip))
        if first[0] != line:
            faults.append(f"listed in line {first[0]} already" + (f", as {first[1]!r}" if first[1] != clip else ""))
        problems += [Problem(META, line, f"{_quote(clip)}: {fault}") for fault in faults]
        if not faults:
            good.append((line, clip, stem.removesuffix(f"-{device}"), scene, city, location, device))
    clips = pd.DataFrame(good, columns=["line", "clip", "recording", "scene", "city", "location", "device"])
    short = clips["recording"].str.rpartition("/")[2] if good else clips["recording"]
    if not pd.DataFrame({"recording": short, "device": clips["device"]}).duplicated().any():
        clips["recording"] = short  # else folders tell recordings of one name apart
    return clips, problems


def _row_faults(*values: str) -> Iterator[str]:
    """Say what is wrong with a row's values, in the order of COLUMNS, whatever the layout."""
    fault = _path_fault(values[0])
    if fault:
        yield fault
    for column, value in zip(COLUMNS, values, strict=True):
        if not value:
            yield f"the column {column} is empty"
        elif value != value.strip():
            yield f"the column {column} has spaces around {value!r}"


def _look_for(root: Path, clips: list[str]) -> tuple[dict[int, str], dict[int, str], list[str]]:
    """Return the rows whose file is absent, those whose file may not be used, and the files that no row names."""
    home = os.path.realpath(root)
    folders: dict[str, dict[str, str]] = {}
    absent: dict[int, str] = {}
    unusable: dict[int, str] = {}
    for row, clip in enumerate(clips):
        folder, _, name = clip.rpartition("/")
        if folder not in folders:
            folders[folder] = _contents(home, folder)
        fault = folders[folder].get(name, folders[folder].get(""))
        if fault is None:
            absent[row] = f"is listed, but not in {root}"
        elif fault:
            unusable[row] = fault
    there = {f"{folder}/{name}".lstrip("/") for folder, names in folders.items() for name in names if name}
    unlisted = [name for name in there - set(clips) if name.lower().endswith(_AUDIO)]
    return absent, unusable, unlisted


def _contents(home: str, folder: str) -> dict[str, str]:
    """Return what stands in a folder with what is wrong with it ("" = nothing); under "" what is wrong with all."""
    path = os.path.join(home, folder)
    if not _within(home, path):
        return {"": f"leaves the data set: {folder} leads to {os.path.realpath(path)}"}
    try:
        with os.scandir(path) as entries:
            return {entry.name: _entry_fault(home, entry) for entry in entries}
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        return {"": f"cannot be looked for: {error.strerror}"}


def _within(home: str, path: str) -> bool:
    return os.path.commonpath([home, os.path.realpath(path)]) == home


def _entry_fault(home: str, entry: os.DirEntry[str]) -> str:
    if entry.is_symlink() and not _within(home, entry.path):
        return f"leaves the data set: it is a link to {os.path.realpath(entry.path)}"
    return "" if entry.is_file() else "is not a regular file"


def _read_folds(root: Path, scenes: dict[str, str]) -> tuple[dict[str, str], list[Problem], list[str]]:
    """Return the official fold's side of each clip that a list names, with problems and warnings.

    `scenes` gives the scene of each clip in meta.csv.
    """
    sides: dict[str, str] = {}
    problems: list[Problem] = []
    warnings: list[str] = []
    for file, side in FOLDS.items():
        if not (root / file).exists():
            continue
        content = _read_list(root, file, (("filename", "scene_label"), ("filename",)))
        problems += content.problems
        names: set[str] = set()
        for line, (clip, *label) in content.rows:
            told = scenes.get(clip)
            for found, reason in (
                (clip in names, "listed twice"),
                (sides.setdefault(clip, side) != side, f"listed for {sides[clip]} already"),
                (label and told is not None and label != [told], f"{META} says scene {told!r}, this list {label}"),
            ):
                problems += [Problem(file, line, f"{_quote(clip)}: {reason}")] if found else []
            names.add(clip)
        warnings += _tell(f"clips of {file} are not in {META} (lists of two versions?)", names - scenes.keys())
    return sides, problems, warnings
