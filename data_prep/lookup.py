"""Finding listed recordings on the disk, in spite of differently spelled file names, and checking links."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from data_prep.identities import path_key

_ENDINGS = "wav wave rf64 bw64 flac ogg oga opus mp3 m4a mp4 aac aif aiff aifc caf w64 wma amr 3gp"
AUDIO = tuple(f".{ending}" for ending in _ENDINGS.split())  # not all of these formats can be read


@dataclass
class Found:
    """Results of looking for listed recordings, by their row in the list.

    Attributes
    ----------
    absent, unusable
        Reasons why recordings are absent or cannot be used.
    renamed
        Names on the disk that differ from the listed ones in capitals or Unicode form.
    unlisted
        Audio files in the same folders that are not in the list.
    """

    absent: dict[int, str] = field(default_factory=dict)
    unusable: dict[int, str] = field(default_factory=dict)
    renamed: dict[int, str] = field(default_factory=dict)
    unlisted: list[str] = field(default_factory=list)


def find_recordings(root: Path, clips: list[str], *, follow_links: bool = False) -> Found:
    """Look for the files `clips` in `root`; links out of `root` are errors unless `follow_links` is set."""
    home = None if follow_links else os.path.realpath(root)
    folders: dict[str, dict[str, str]] = {}
    other: dict[str, dict[str, list[str]]] = {}
    found = Found()
    used = set(clips)
    for row, clip in enumerate(clips):
        folder, _, name = clip.rpartition("/")
        if folder not in folders:
            folders[folder] = contents = _contents(root, folder, home)
            other[folder] = {}
            for entry in contents:
                other[folder].setdefault(path_key(entry), []).append(entry)
        contents = folders[folder]
        if name not in contents and "" not in contents:
            alike = other[folder].get(path_key(name), [])
            if len(alike) == 1:
                name = alike[0]
                found.renamed[row] = f"{folder}/{name}".lstrip("/")
                used.add(found.renamed[row])
        fault = contents.get(name, contents.get(""))
        if fault is None:
            found.absent[row] = f"is listed, but not in {root}"
        elif fault:
            found.unusable[row] = fault
    present = {f"{folder}/{name}".lstrip("/") for folder, names in folders.items() for name in names if name}
    found.unlisted = [name for name in present - used if name.lower().endswith(AUDIO)]
    return found


def _contents(root: Path, folder: str, home: str | None) -> dict[str, str]:
    """Return the error of each entry of a folder ("" for none); the key "" holds an error of the folder itself."""
    path = os.path.join(root, folder)
    if not _within(home, path):
        return {"": f"leaves the data set: {folder} leads to {os.path.realpath(path)}; --follow-links allows that"}
    try:
        with os.scandir(path) as entries:
            return {entry.name: _entry_fault(home, entry) for entry in entries}
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        return {"": f"cannot be looked for: {error.strerror}"}


def _within(home: str | None, path: str) -> bool:
    """Return whether `path` with its links resolved is inside `home`; always true if `home` is None."""
    return home is None or os.path.commonpath([home, os.path.realpath(path)]) == home


def _entry_fault(home: str | None, entry: os.DirEntry[str]) -> str:
    if entry.is_symlink() and not _within(home, entry.path):
        return f"leaves the data set: it is a link to {os.path.realpath(entry.path)}; --follow-links allows that"
    return "" if entry.is_file() else "is not a regular file"
