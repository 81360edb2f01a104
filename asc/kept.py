"""Cached results: computed once and kept in a file in the folder of the run or prepared set."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from common.errors import RunError
from common.files import atomic_path, write_text

Arrays = Mapping[str, NDArray[Any]]
UNREADABLE = (OSError, EOFError, ValueError, KeyError, BadZipFile)


def write_arrays(path: Path, arrays: Arrays) -> None:
    """Write named arrays as npz, atomically."""
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Read arrays written by `write_arrays`, without unpickling.

    Raises
    ------
    RunError
        If the file cannot be read.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except UNREADABLE as error:
        raise _unusable(path, error) from error


def kept_arrays(path: Path, compute: Callable[[], Arrays]) -> Arrays:
    """Return the arrays at `path`; if there is no file, compute and write them first.

    Raises
    ------
    RunError
        If the file cannot be read.
    """
    if not path.is_file():
        write_arrays(path, compute())
    return read_arrays(path)


def kept_table(path: Path, compute: Callable[[], pd.DataFrame], text: tuple[str, ...] = ()) -> pd.DataFrame:
    """Return the table of the CSV file at `path`; if there is no file, compute and write it first.

    Parameters
    ----------
    text
        Columns of strings.

    Raises
    ------
    RunError
        If the file cannot be read.
    """
    if path.is_file():
        try:
            return pd.read_csv(path, dtype=dict.fromkeys(text, str))
        except ValueError as error:
            raise _unusable(path, error) from error
    found = compute()
    write_text(path, found.to_csv(index=False, lineterminator="\n"))
    return found


def _unusable(path: Path, error: Exception) -> RunError:
    return RunError(f"{path} cannot be read: {error}; delete it to compute it again")
