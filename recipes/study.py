"""Runs of a recipe: their descriptions, training and `--dry-run`."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from asc.accelerator import choose_accelerator
from asc.machine import Machine
from asc.open_data import DataSource
from asc.overview import Planned
from asc.run import Data, Run, Stack
from asc.run_folder import RunFolder
from asc.shared_run import train_alone_or_shared
from asc.stacks import stack_up
from recipes.cost import Examples, run_cost
from recipes.figure_times import seconds_of_drawing, seconds_of_measuring, seconds_so_far
from recipes.states import tell_runs
from recipes.times import Times
from recipes.trained import Measure, Trained

_HOW = (
    "from operation counts, and the speed of a few steps of each network or of a smaller one of its kind; overhead of "
    "runs from short runs"
)


@dataclass(frozen=True)
class Study(ABC):
    """Runs on one data source. Subclasses are in `recipes.scenes` and `recipes.images`."""

    options: Any

    @property
    @abstractmethod
    def source(self) -> DataSource:
        """Prepared set, or folder of image sets."""

    @property
    @abstractmethod
    def folder(self) -> Path:
        """Folder of the data, for other processes."""

    @property
    def machine(self) -> Machine:
        """Device and loader settings."""
        return Machine(accelerator=choose_accelerator(self.options.accelerator))

    @abstractmethod
    def describe(self, point: Any) -> list[Run]:
        """Return the runs of a point, one for each seed."""

    @abstractmethod
    def examples(self, run: Run) -> Examples:
        """Return the numbers of examples of a run."""

    @abstractmethod
    def trained(self, runs_of: Mapping[Any, Sequence[RunFolder]]) -> Trained:
        """Return the run folders that a figure is drawn from."""

    def jobs(self, wanted: Sequence[Run]) -> Sequence[Run | Stack]:
        """Return the jobs that train these runs: stacks of small perceptrons, and single runs."""
        return stack_up(wanted)

    def trainer(self) -> Callable[[Run | Stack], None]:
        """Return a function that trains a job; it opens the data in the process in which it is called."""
        runs = self.options.runs.resolve()
        return partial(train_alone_or_shared, data=self.folder.resolve(), runs=runs, machine=self.machine)

    def tell(self, wanted: Sequence[Run], measure: Measure | None) -> None:
        """Print the state, size and time of each run, and the totals, including the time of `measure`."""
        others = {"to start": seconds_so_far()}
        examples: dict[Data, Examples] = {}
        for run in wanted:
            if run.data not in examples:
                examples[run.data] = self.examples(run)
        missing = [run for run in wanted if not RunFolder.of(run, self.options.runs).done]
        accelerator = self.machine.accelerator
        times = Times(examples, self.source, accelerator).of(missing)
        if missing and measure:
            others["to measure units"] = seconds_of_measuring(missing, examples, measure, self.source, accelerator)
        others["to draw"] = seconds_of_drawing() if missing else 0.0
        how = _HOW + ("; less where runs stop early" if any(run.training.patience for run in missing) else "")
        costs = [run_cost(run, examples[run.data]) for run in wanted]
        tell_runs(
            [Planned.of(run, self.options.runs) for run in wanted],
            costs,
            [times.get(run) for run in wanted],
            others,
            how,
        )
        print(self.options.runs)
