"""Run folders of a recipe, and the figure that is drawn from them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from asc.run_folder import RunFolder
from recipes.what_ran import what_ran

# Computes a figure's measurements of a finished run, on `cpu` or `cuda`, and writes them to the run's folder.
Measure = Callable[[RunFolder, str], object]


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A figure's runs.

    Attributes
    ----------
    runs_of
        Run folders of each point, one per seed.
    data
        Name of the data, for the line below the figure.
    preset
        Name of the preset.
    accelerator
        Device for computing measurements: `cpu` or `cuda`.
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
        """Points with a finished run, in the figure's order."""
        return [point for point in self.runs_of if self.finished(point)]

    def footer(self, reading: str) -> str:
        """Return the line below the figure: its data and runs, `reading`, and how many runs are missing.

        Epochs, seeds and sizes are those of the finished runs, which may differ from the preset's.
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
        None for a table without a figure.
    table
        The plotted values.
    footer
        The line below the figure.
    differences
        Comparisons of points that were tested on the same clips.
    others
        Further tables by file name.
    """

    figure: Figure | None
    table: pd.DataFrame
    footer: str = ""
    differences: pd.DataFrame | None = None
    others: Mapping[str, pd.DataFrame] = field(default_factory=dict)
