"""Times of a recipe besides its runs: to start, to measure trained networks and to draw."""

import io
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr
from dataclasses import replace
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from asc.images.task import TESTED, image_data
from asc.machine import Machine
from asc.open_data import DataSource
from asc.run import Data, Run
from asc.run_folder import RunFolder
from asc.training import train
from evaluation.style import house_style
from recipes.cost import Examples, macs_of_example
from recipes.drawing import save_figure
from recipes.trained import Measure, Picture
from recipes.trials import paces_of

# Maximum multiply-accumulates of a test batch of a network that is measured.
_QUICK = {"cpu": 1e9 / 4, "cuda": 1e10 / 4}


def seconds_so_far() -> float:
    """Return the CPU time of this process; at the start of a recipe, that of imports and of opening the data."""
    return time.process_time()


def seconds_of_drawing() -> float:
    """Return the seconds of drawing and writing a simple figure with three panels."""
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as name, house_style():
        figure = Figure(figsize=(7.2, 3), layout="constrained")
        for axes in figure.subplots(1, 3):
            for height in range(4):
                axes.plot(range(5), [height] * 5, marker="o", label=f"{height}")
            axes.legend()
        save_figure(Picture(figure, pd.DataFrame(), "footer"), Path(name) / "figure")
    return time.perf_counter() - begin


def seconds_of_measuring(
    runs: Sequence[Run],
    examples: Mapping[Data, Examples],
    measure: Measure,
    data: DataSource,
    accelerator: str,
) -> float:
    """Return the seconds of measuring finished runs, once for runs that differ only in their learning rate.

    Each network is trained for a few steps and measured. A network that is too large to be timed is assumed to take as
    long per multiply-accumulate as the largest network of its architecture that was timed.

    Parameters
    ----------
    examples
        Numbers of examples, for the data of all runs.
    measure
        Measurement of the recipe.
    data
        Folder of image sets.
    accelerator
        `cpu` or `cuda`.
    """

    def macs(run: Run) -> int:
        return macs_of_example(run, examples[run.data].shape)

    different = {replace(run, training=replace(run.training, learning_rate=1.0)): run for run in runs}
    ordered = sorted(different.values(), key=macs)
    seconds = paces_of(
        ordered,
        key=lambda run: (run.network, run.data),
        kind=lambda run: run.network.kind,
        quick=lambda run: TESTED * macs(run) <= _QUICK[accelerator],
        measure=lambda run: _seconds_of_one(_tried(run, examples[run.data]), measure, data, accelerator) / macs(run),
    )
    tests = [max(1.0, examples[run.data].parts["test"] / TESTED) for run in ordered]
    return sum(pace * macs(run) * often for run, pace, often in zip(ordered, seconds, tests, strict=True))


def _tried(run: Run, examples: Examples) -> Run:
    """Return a run of one epoch on few examples with a tiny learning rate, tested on one batch."""
    few = min(run.training.batch_size, examples.parts["train"])
    data = image_data(run)
    split = replace(data.split, train_examples=few, test_examples=min(TESTED, examples.parts["test"]))
    training = replace(run.training, epochs=1, learning_rate=1e-6)
    return replace(run, data=replace(data, split=split), training=training)


def _seconds_of_one(run: Run, measure: Measure, data: DataSource, accelerator: str) -> float:
    with tempfile.TemporaryDirectory() as name, redirect_stderr(io.StringIO()):
        train(run, data, Path(name), Machine(accelerator=accelerator))
        begin = time.perf_counter()
        measure(RunFolder.of(run, Path(name)), accelerator)
        return time.perf_counter() - begin
