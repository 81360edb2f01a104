"""Warning about runs that exist in the other precision, such as those started on a machine with bfloat16."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from asc.run_folder import RunFolder
from asc.training_settings import Precision


def tell_other_precision(descriptions: Sequence[Any], runs: Path) -> None:
    """Warn on standard error about runs that exist only in the precision that `--precision auto` does not choose here.

    Parameters
    ----------
    descriptions
        Descriptions of runs with the precision chosen by the hardware.
    runs
        Folder of all runs.
    """
    for precision in get_args(Precision):
        found = [folder for run in descriptions if (folder := _in_other(run, precision, runs))]
        if found:
            which = f"{found[0].path} exists" if len(descriptions) == 1 else f"{len(found)} of these runs exist"
            more = "" if len(descriptions) == 1 else f", such as {found[0].path}"
            print(
                f"warning: {which} in the precision {precision}{more}; --precision auto chooses another one here "
                f"and trains again. --precision {precision} continues or uses existing runs",
                file=sys.stderr,
            )


def _in_other(description: Any, precision: str, runs: Path) -> RunFolder | None:
    """Return the run's folder in `precision` if the run was started there and not in its present precision."""
    other = RunFolder.of(replace(description, training=replace(description.training, precision=precision)), runs)
    begun = other.description_file.is_file()
    return other if begun and not RunFolder.of(description, runs).description_file.is_file() else None
