"""A warning where a run exists in the other precision, as when it was begun on a machine with bfloat16."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from asc.description import Precision
from asc.run_folder import RunFolder


def tell_other_precision(descriptions: Sequence[Any], runs: Path) -> None:
    """Say on standard error which runs are not there as the hardware resolves their precision, but in the other one.

    Parameters
    ----------
    descriptions
        Of runs on acoustic scenes or on images, whose precision nobody asked for.
    runs
        Folder of all runs.
    """
    for precision in get_args(Precision):
        found = [folder for run in descriptions if (folder := _in_other(run, precision, runs))]
        if found:
            which = f"{found[0].path} exists" if len(descriptions) == 1 else f"{len(found)} of these runs exist"
            more = "" if len(descriptions) == 1 else f", such as {found[0].path}"
            print(
                f"warning: {which} in the precision {precision}{more}; --precision auto is another one here, "
                f"and trains anew. --precision {precision} continues what exists, or finds it done",
                file=sys.stderr,
            )


def _in_other(description: Any, precision: str, runs: Path) -> RunFolder | None:
    """Return the run's folder in `precision`, if it is begun in that one and not in its own."""
    other = RunFolder.of(replace(description, training=replace(description.training, precision=precision)), runs)
    begun = other.description_file.is_file()
    return other if begun and not RunFolder.of(description, runs).description_file.is_file() else None
