"""Recordings in one folder per class, without a list: which there are, which are passed over, where they were made."""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from data_prep.layouts import LAYOUTS
from data_prep.lookup import AUDIO
from data_prep.problems import tell
from data_prep.tables import UNREADABLE

CITIES = LAYOUTS["tau2020"].cities or ()
_TAKE = re.compile(r"-[A-Z](-\d+)?$")


@dataclass(frozen=True)
class Sounds:
    """The audio files below a folder, as paths inside it, in order of their names.

    Attributes
    ----------
    used
        Those that stand as deep as they should.
    loose, deep
        Those above and below that.
    unnamed
        Those whose names are no UTF-8 text, or hold control characters.
    links
        Links to folders, which were not followed.
    """

    used: list[str] = field(default_factory=list)
    loose: list[str] = field(default_factory=list)
    deep: list[str] = field(default_factory=list)
    unnamed: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)

    def passed_over(self, what: str) -> list[str]:
        """Return warnings that count and name the files not used; `what` says what they would have been."""
        return [
            *tell(f"{what} are not used: they lie loose, above the folders that are read", self.loose),
            *tell(f"{what} are not used: they lie in sub-folders", self.deep),
            *tell(f"{what} are not used: rename them, in printable characters", self.unnamed),
            *tell("folders are links, and not looked into; --follow-links follows them", self.links),
        ]


def find_sounds(root: Path, depth: int | None, *, follow_links: bool = False) -> Sounds:
    """Look for the audio files below `root`; used are those with `depth` folders between, or with any number (None).

    Hidden files and folders are no one's recordings. Links to folders are followed where that is allowed, each folder
    once.
    """
    sounds = Sounds()
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


def _kind(sounds: Sounds, path: str, between: int, depth: int | None) -> list[str]:
    if UNREADABLE.search(path):
        return sounds.unnamed
    if depth is None or between == depth:
        return sounds.used
    return sounds.loose if between < depth else sounds.deep


def by_class(sounds: Sounds) -> dict[str, list[str]]:
    """Return the files used of each class, which is the first folder of their paths."""
    classes: dict[str, list[str]] = {}
    for path in sounds.used:
        classes.setdefault(path.split("/")[0], []).append(path)
    return classes


def place_of(path: str) -> str:
    """Return the name of the place that a recording of a class was made at: the file's, without what tells takes apart.

    Takes of one place differ by a capital letter at the end (1-187207-A); any other name is a place of its own.
    """
    return _TAKE.sub("", PurePosixPath(path).stem)


def deal_cities(places: Mapping[str, Iterable[str]], cities: int = len(CITIES)) -> dict[tuple[str, str], str]:
    """Deal the places of each class out to cities, one after another, so that every class is heard in many.

    Parameters
    ----------
    places
        Names of the places by class. Equal names in two classes are two places.
    cities
        Over how many cities, ten at most.

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
