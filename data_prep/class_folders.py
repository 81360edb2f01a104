"""Recordings in one folder per class, without a metadata list: finding files and assigning places to cities."""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from data_prep.layouts import LAYOUTS
from data_prep.lookup import AUDIO
from data_prep.problems import warnings_about
from data_prep.tables import UNREADABLE

CITIES = LAYOUTS["tau2020"].cities or ()
_TAKE = re.compile(r"-[A-Z](-\d+)?$")


@dataclass(frozen=True)
class AudioFiles:
    """The audio files below a folder, as sorted paths relative to it.

    Attributes
    ----------
    used
        Files at the expected depth.
    loose, deep
        Files above and below that depth.
    unnamed
        Files whose names are not UTF-8 or contain control characters.
    links
        Symbolic links to folders, which were not followed.
    """

    used: list[str] = field(default_factory=list)
    loose: list[str] = field(default_factory=list)
    deep: list[str] = field(default_factory=list)
    unnamed: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)

    def unused_warnings(self, what: str) -> list[str]:
        """Return warnings that count and name the unused files; `what` is a plural noun for the files."""
        return [
            *warnings_about(f"{what} are not used: they are above the folders that are read", self.loose),
            *warnings_about(f"{what} are not used: they are in subfolders", self.deep),
            *warnings_about(f"{what} are not used: rename them with printable characters", self.unnamed),
            *warnings_about("folders are links and are skipped; --follow-links follows them", self.links),
        ]


def find_audio_files(root: Path, depth: int | None, *, follow_links: bool = False) -> AudioFiles:
    """Find the audio files below `root`; hidden files and folders are skipped.

    Parameters
    ----------
    root
        Folder to search.
    depth
        Number of folders between `root` and the files that are used; None uses files at any depth.
    follow_links
        Whether to search linked folders too; each folder is searched once.
    """
    sounds = AudioFiles()
    seen = set()
    for folder, folders, names in os.walk(root, followlinks=follow_links):
        real = os.path.realpath(folder)
        folders[:] = [] if real in seen else sorted(name for name in folders if not name.startswith("."))
        links = [Path(folder, name) for name in folders if not follow_links and Path(folder, name).is_symlink()]
        sounds.links.extend(link.relative_to(root).as_posix() for link in links)
        for name in [] if real in seen else names:
            if not name.startswith(".") and name.lower().endswith(AUDIO):
                path = Path(folder, name).relative_to(root).as_posix()
                _kind(sounds, path, path.count("/"), depth).append(path)
        seen.add(real)
    for paths in (sounds.used, sounds.loose, sounds.deep):
        paths.sort(key=lambda path: PurePosixPath(path).parts)
    return sounds


def _kind(sounds: AudioFiles, path: str, between: int, depth: int | None) -> list[str]:
    if UNREADABLE.search(path):
        return sounds.unnamed
    if depth is None or between == depth:
        return sounds.used
    return sounds.loose if between < depth else sounds.deep


def by_class(sounds: AudioFiles) -> dict[str, list[str]]:
    """Return the used files by class, which is the first folder of their paths."""
    classes: dict[str, list[str]] = {}
    for path in sounds.used:
        classes.setdefault(path.split("/")[0], []).append(path)
    return classes


def place_of(path: str) -> str:
    """Return the place where a recording was made: the file's stem without the letter of the take.

    Takes of one place differ in a capital letter at the end of the stem.

    Examples
    --------
    >>> place_of("park/1-187207-A.ogg")
    '1-187207'
    """
    return _TAKE.sub("", PurePosixPath(path).stem)


def assign_cities(places: Mapping[str, Iterable[str]], cities: int = len(CITIES)) -> dict[tuple[str, str], str]:
    """Assign the places of each class to made-up cities in turn, so that every class occurs in many cities.

    Parameters
    ----------
    places
        Names of the places by class; the same name in two classes stands for two places.
    cities
        Number of cities, at most 10.

    Returns
    -------
    dict
        City by class and place.
    """
    return {
        (name, place): CITIES[number % cities]
        for name, found in places.items()
        for number, place in enumerate(sorted(set(found)))
    }
