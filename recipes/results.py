"""What a figure's runs scored, as one table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from asc.description import RunDescription
from asc.results import read_configurations
from asc.run_folder import RunFolder
from evaluation.accuracy import accuracy
from evaluation.grouping import summarise
from recipes.points import Point


@dataclass(frozen=True, kw_only=True)
class Results:
    """A figure's numbers.

    Attributes
    ----------
    table
        One row per point and part (unseen, seen): series, width, depth, pointwise_depth, damping, parameters, part,
        mean (mean over seeds and last epochs), sd (over seeds and last epochs together, as the paper's bars), sd_seeds,
        seeds (how many runs are finished).
    wanted
        How many runs the figure asks for.
    source
        Data set, split and preset, in words.
    """

    table: pd.DataFrame
    wanted: int
    source: str

    @property
    def finished(self) -> int:
        """How many runs the figure was drawn from; a run that two series share counts in both."""
        return int(self.table.loc[self.table["part"] == "seen", "seeds"].sum()) if len(self.table) else 0

    @property
    def footer(self) -> str:
        """What made the figure, and what of it is missing."""
        missing = self.wanted - self.finished
        partial = f"; PARTIAL: {missing} of {self.wanted} runs are missing" if missing else ""
        return f"{self.source}; {self.finished} runs; bars: standard deviation over runs and last 10 epochs{partial}"


def read_results(runs_of: Mapping[Point, Sequence[RunDescription]], runs: Path, source: str) -> Results:
    """Collect what the finished runs of each point scored; points without one are left out of the table."""
    rows = []
    for point, descriptions in runs_of.items():
        folders = [RunFolder.of(description, runs) for description in descriptions]
        done = [folder.path for folder in folders if folder.done]
        if not done:
            continue
        (configuration,) = read_configurations(done)
        summary = summarise(accuracy(configuration.scored, ["seed", "epoch"])["part"])
        for part in ("unseen", "seen"):
            rows.append(
                {
                    "series": point.series,
                    **point.network,
                    "parameters": configuration.complexity["parameters"],
                    "part": part,
                    "mean": summary["mean"][part],
                    "sd": summary["sd_all"][part],
                    "sd_seeds": summary["sd_seeds"][part],
                    "seeds": len(done),
                }
            )
    wanted = sum(len(descriptions) for descriptions in runs_of.values())
    columns = ["series", "width", "depth", "pointwise_depth", "damping", "parameters", "part", "mean", "sd", "sd_seeds"]
    return Results(table=pd.DataFrame(rows, columns=[*columns, "seeds"]), wanted=wanted, source=source)
