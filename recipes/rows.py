"""Tables computed row by row; each row is written to a file when it is computed, and reused."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from common.errors import RunError
from common.files import write_text
from common.progress import progress

Row = dict[str, Any]


def _kept(path: Path) -> list[Row]:
    table = pd.read_csv(path) if path.is_file() else pd.DataFrame()
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def _chosen(rows: Sequence[Row], keys: Sequence[Row]) -> list[Row]:
    return [row for key in keys for row in rows if key.items() <= row.items()]


def finished_rows(path: Path, keys: Sequence[Row]) -> pd.DataFrame:
    """Return the rows of `keys` in the file at `path`."""
    return pd.DataFrame(_chosen(_kept(path), keys))


def make_rows(path: Path, keys: Sequence[Row], compute: Callable[[Row], Row], title: str) -> pd.DataFrame:
    """Return the rows of `keys`, computing those that are not in the file at `path`.

    Parameters
    ----------
    path
        CSV file of rows, written after each new row. Its name must contain a hash of all other settings of the rows.
    keys
        Columns that identify a row: text and integers.
    compute
        Function that returns the other columns of the row of a key.
    title
        Title of the progress line.
    """
    rows = _kept(path)
    with progress(title, len(keys), "rows") as advance:
        for key in keys:
            new = not _chosen(rows, [key])
            if new:
                rows.append(key | compute(key))
                write_text(path, pd.DataFrame(rows).to_csv(index=False, lineterminator="\n"))
            advance(counts=new)
    return finished_rows(path, keys)


def rows_line(path: Path, keys: Sequence[Row], title: str) -> str:
    """Return a line with the number of finished rows of `keys`, for `--dry-run`, and a line with the path."""
    return f"{len(finished_rows(path, keys))} of {len(keys)} {title} are finished\n{path}"


def wanted_rows(
    path: Path, keys: Sequence[Row], compute: Callable[[Row], Row], title: str, *, plot_only: bool
) -> pd.DataFrame:
    """Return the rows of a figure: all (see `make_rows`), or with `plot_only` those that are finished.

    Raises
    ------
    RunError
        If no row is finished and `plot_only` is set.
    """
    if not plot_only:
        return make_rows(path, keys, compute, title)
    finished = finished_rows(path, keys)
    if finished.empty:
        raise RunError(f"{path} has none of the {title}; run without --plot-only")
    return finished
