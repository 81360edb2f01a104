"""Writing a first meta.csv, guessed from folders and file names, to be corrected by hand."""

import csv
import io
from pathlib import Path

import pandas as pd

from common.errors import DataError
from common.files import write_text
from data_prep.class_folders import find_audio_files, place_of
from data_prep.listing import COLUMNS, META, Reading, city_in_name


def init_meta(folder: Path, reading: Reading) -> tuple[pd.DataFrame, list[str]]:
    """Write meta.csv into `folder`, one row for each recording below it.

    File names of the form `<scene>-<city>-<place>-<...>-<device>`, as in TAU, determine all columns. For other files,
    the first folder is the scene and the second, if any, the device. Unknown columns are left empty.

    Parameters
    ----------
    folder
        Folder of the recordings, which may be in subfolders of any depth.
    reading
        Device of all recordings, and how the city is read from file names.

    Returns
    -------
    rows, warnings
        Rows of meta.csv, and warnings about unused files.

    Raises
    ------
    DataError
        If meta.csv exists already, or there are no recordings.
    """
    if (folder / META).exists():
        raise DataError(f"{folder / META} is there already; correct it by hand, or rename it first")
    sounds = find_audio_files(folder, None, follow_links=reading.follow_links)
    warnings = sounds.unused_warnings("audio files")
    if not sounds.used:
        raise DataError("; ".join([f"{folder} holds no audio files", *warnings]))
    rows = pd.DataFrame([(path, *_guess(path, reading)) for path in sounds.used], columns=list(COLUMNS))
    text = io.StringIO()
    rows.to_csv(text, sep="\t", index=False, quoting=csv.QUOTE_MINIMAL, lineterminator="\n")
    write_text(folder / META, text.getvalue())
    return rows, warnings


def _guess(path: str, reading: Reading) -> tuple[str, str, str]:
    """Return scene, identifier and device guessed from a path; "" if unknown."""
    *folders, name = path.split("/")
    fields = name.rpartition(".")[0].split("-")
    if len(fields) >= 5 and folders in ([], ["audio"], [fields[0]]):
        return fields[0], f"{fields[1]}-{fields[2]}", reading.device or fields[-1]
    scene = folders[0] if folders else ""
    device = folders[1] if len(folders) > 1 else ""
    place = place_of(path)
    city = city_in_name(place, reading.city)
    spot = f"{scene}_{place}".replace("-", "_")  # the city ends at the identifier's last hyphen
    return scene, f"{city}-{spot}" if city else "", reading.device or device
