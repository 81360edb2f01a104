"""Finding listed recordings on the disk, whatever the spelling of their names there, and checking links."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from data_prep.identities import path_key

_ENDINGS = "wav wave rf64 bw64 flac ogg oga opus mp3 m4a mp4 aac aif aiff aifc caf w64 wma amr 3gp"
AUDIO = tuple(f".{ending}" for ending in _ENDINGS.split())  # a reader says which it can read


@dataclass
class Found:
    """What a look at the disk tells of listed recordings, by the number of each in the list.

    Attributes
    ----------
    absent, unusable
        Why a recording is not there, or may not be used.
    renamed
        The name on the disk, where it is another spelling (capitals, composed letters) of the listed one.
    unlisted
        Audio files in the same folders that no row names.
    """

    absent: dict[int, str] = field(default_factory=dict)
    unusable: dict[int, str] = field(default_factory=dict)
    renamed: dict[int, str] = field(default_factory=dict)
    unlisted: list[str] = field(default_factory=list)


def find_recordings(root: Path, clips: list[str], *, follow_links: bool = False) -> Found:
    """Look for `clips`, paths inside `root`; links that lead out of it are faults unless they are to be followed."""
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
    """Return what stands in a folder with what is wrong with it ("" = nothing); under "" what is wrong with all."""
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
    """Return whether `path` stays in `home`, wherever its links lead; anything does where there is no home."""
    return home is None or os.path.commonpath([home, os.path.realpath(path)]) == home


def _entry_fault(home: str | None, entry: os.DirEntry[str]) -> str:
    if entry.is_symlink() and not _within(home, entry.path):
        return f"leaves the data set: it is a link to {os.path.realpath(entry.path)}; --follow-links allows that"
    return "" if entry.is_file() else "is not a regular file"
