"""Scene, city, location and device of each recording, read from meta.csv or from class folders."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from common.errors import ConfigError
from data_prep.class_folders import CITIES, assign_cities, by_class, find_audio_files, place_of
from data_prep.layouts import Layout
from data_prep.problems import Problem, Problems, quote, warnings_about
from data_prep.tables import Table, read_table

META = "meta.csv"
MADE = "made.json"  # beside meta.csv if this project made the recordings
COLUMNS = ("filename", "scene_label", "identifier", "source_label")
LAST, FIRST = "last-hyphen", "first-hyphen"
FOLDER = "folder"
_REMEDIES = ("", "", "<city>-<place>; --city NAME sets one city for all", "--device NAME sets one device for all")
_HOW = {LAST: "the identifier up to its last hyphen", FIRST: "the identifier up to its first hyphen"}
_DEALT = "made up and assigned to places; recordings of one place share a file name"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How cities and devices are read if the metadata list does not define them.

    Attributes
    ----------
    city
        `last-hyphen` or `first-hyphen` for the identifier up to that hyphen, the name of a column of meta.csv, or the
        name of the only city. "" means `last-hyphen`; without meta.csv, it assigns places to made-up cities.
    device
        Device of all recordings, if meta.csv has no column for it. Without meta.csv, `folder` reads the device from
        the subfolder of the class folder.
    follow_links
        Whether symbolic links may lead out of the data set.
    """

    city: str = ""
    device: str = ""
    follow_links: bool = False


class Row(NamedTuple):
    """Metadata of one recording in its original spelling; `line` is the line of meta.csv, None without a list."""

    line: int | None
    clip: str
    scene: str
    city: str
    location: str
    device: str

    def problem(self, reason: str) -> Problem:
        """Return a Problem about this row."""
        if self.line is None:
            return Problem(self.clip, None, reason)
        return Problem(META, self.line, f"{quote(self.clip)}: {reason}")


@dataclass(frozen=True)
class Listing:
    """Rows, problems and warnings of a data set; `cities` describes where the cities were read, for printing."""

    rows: list[Row]
    problems: list[Problem]
    cities: str
    warnings: list[str] = field(default_factory=list)


def read_listing(root: Path, layout: Layout, reading: Reading) -> Listing:
    """Read meta.csv in `root` or, if there is none and the layout permits it, the names of class folders.

    Raises
    ------
    Problems
        If there is neither, or the list cannot be read.
    ConfigError
        If `reading` does not fit the data set.
    """
    folders = layout.indices is None and not (root / META).exists() and root.is_dir()
    listing = _class_folders(root, reading) if folders else _list(root, layout, reading)
    if not listing.rows:
        raise Problems(listing.problems)
    return listing


def _list(root: Path, layout: Layout, reading: Reading) -> Listing:
    if reading.device == FOLDER:
        raise ConfigError("device", FOLDER, f"the name of a device, because {META} exists and folders are ignored")
    default = layout.only_device or reading.device
    wanted = dict(zip(COLUMNS, _REMEDIES, strict=True))
    if default:
        del wanted["source_label"]
    named = reading.city.strip().casefold()
    if named and named not in _HOW:
        del wanted["identifier"]
    table = read_table(root, META, wanted, tuple(filter(None, (*COLUMNS, named))))
    if not table.rows:
        return Listing([], table.problems, "")
    how, place = _city_reader(table, reading.city.strip())
    rows = [
        Row(line, values["filename"], values["scene_label"], *place(values), values.get("source_label") or default)
        for line, values in table.rows
    ]
    unknown = [name for name in table.columns if name not in (*COLUMNS, named, "")]
    return Listing(rows, table.problems, how, warnings_about(f"columns of {META} are not used", unknown))


Place = Callable[[dict[str, str]], tuple[str, str]]


def _city_reader(table: Table, city: str) -> tuple[str, Place]:
    """Return a description of how cities are read, and the function from a row to its city and location."""
    how, column = city.casefold() or LAST, city.casefold()
    if how in _HOW:

        def of_identifier(values: dict[str, str]) -> tuple[str, str]:
            identifier = values["identifier"]
            return city_in_name(identifier, how) or identifier, identifier

        return _HOW[how], of_identifier
    if "identifier" not in table.columns and column not in table.columns:
        return "--city", lambda values: (city, f"{city}-{os.path.splitext(values['filename'])[0]}")
    if "identifier" not in table.columns or column not in table.columns:
        columns = ", ".join(table.columns)
        raise ConfigError("city", city, f"{FIRST}, {LAST}, or a column of {META} beside identifier; it has {columns}")

    def of_column(values: dict[str, str]) -> tuple[str, str]:
        town, identifier = values[column], values["identifier"]
        inside = not identifier or identifier.startswith(f"{town}-")
        return town, identifier if inside else f"{town}-{identifier}"

    return f"the column {column}", of_column


def _class_folders(root: Path, reading: Reading) -> Listing:
    sounds = find_audio_files(root, 2 if reading.device == FOLDER else 1, follow_links=reading.follow_links)
    warnings = sounds.unused_warnings("audio files")
    if sounds.deep and reading.device != FOLDER:
        warnings.append(f"--device {FOLDER} reads files named <class>/<device>/<file>")
    if not sounds.used:
        reason = f"does not exist in {root}, and there are no class folders with recordings"
        return Listing([], [Problem(META, None, "; ".join([reason, *warnings]))], "")
    if not reading.device:
        allowed = f"the device of all recordings, or {FOLDER} if they are named <class>/<device>/<file>"
        raise ConfigError("device", "", f"without {META}, {allowed}; --init-meta FOLDER writes a list to be filled in")
    how, rows = _folder_cities(by_class(sounds), reading.city)
    device = reading.device
    listed = [row._replace(device=row.clip.split("/")[1] if device == FOLDER else device) for row in rows if row.city]
    fault = "its name has no hyphen after a city"
    return Listing(listed, [row.problem(fault) for row in rows if not row.city], how, warnings)


def _folder_cities(classes: dict[str, list[str]], city: str) -> tuple[str, list[Row]]:
    """Return a description of where cities come from, and the rows of class folders without a device."""
    places = {name: {place_of(path) for path in paths} for name, paths in classes.items()}
    dealt = assign_cities(places, min(len(CITIES), *map(len, places.values())))
    rows = []
    for name, paths in classes.items():
        for path in paths:
            place = place_of(path)
            town = city_in_name(place, city) if city else dealt[name, place]
            rows.append(Row(None, path, name, town, f"{town}-{name}_{place}", ""))
    return _HOW.get(city, "--city" if city else _DEALT).replace("identifier", "file name"), rows


def city_in_name(name: str, city: str) -> str:
    """Return the city in a file's name if `city` is last-hyphen or first-hyphen ("" without a hyphen), else `city`."""
    if city not in _HOW:
        return city
    return name.rpartition("-")[0] if city == LAST else name.partition("-")[0] if "-" in name else ""
