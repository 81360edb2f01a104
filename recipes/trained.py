"""The run folders of a recipe's points, finished or not, and the picture that is drawn from them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from asc.run_folder import RunFolder
from recipes.what_ran import what_ran

# Computes what a figure needs of a finished run, on `cpu` or `cuda`, and keeps it in the run's folder.
Measure = Callable[[RunFolder, str], object]


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A figure's runs.

    Attributes
    ----------
    runs_of
        The run folders of each point, one a seed.
    data
        What they are trained on, for the line below the figure.
    preset
        The preset's name.
    accelerator
        Where to compute what the figure still needs: `cpu` or `cuda`.
    """

    runs_of: Mapping[Any, Sequence[RunFolder]]
    data: str
    preset: str
    accelerator: str

    def finished(self, point: Any) -> list[RunFolder]:
        """Return the finished runs of a point."""
        return [folder for folder in self.runs_of[point] if folder.done]

    @property
    def points(self) -> list[Any]:
        """The points that have a finished run, in the figure's order."""
        return [point for point in self.runs_of if self.finished(point)]

    def footer(self, reading: str) -> str:
        """Return the line below the figure: its data and runs, `reading`, and how many runs are missing.

        Epochs, seeds and sizes are those of the finished runs, which options may have made other than the preset's.
        """
        wanted = {folder.path: folder for folders in self.runs_of.values() for folder in folders}
        done = [folder for folder in wanted.values() if folder.done]
        missing = len(wanted) - len(done)
        ran = what_ran(done)
        said = [
            f"{self.data}, preset {self.preset}",
            f"{len(done)} runs" + (f" ({ran})" if ran else ""),
            reading,
        ]
        return "; ".join(said + ([f"PARTIAL: {missing} of {len(wanted)} runs are missing"] if missing else []))


@dataclass(frozen=True)
class Picture:
    """A figure and its numbers.

    Attributes
    ----------
    figure
        None for a table that has no figure.
    table
        The numbers that are drawn.
    footer
        The line below the figure.
    differences
        How points compare that were tested on the same clips.
    others
        Further tables by the names of their files.
    """

    figure: Figure | None
    table: pd.DataFrame
    footer: str = ""
    differences: pd.DataFrame | None = None
    others: Mapping[str, pd.DataFrame] = field(default_factory=dict)
