"""How long a recipe takes beside its runs: to start, to measure what was learnt, and to draw."""

import io
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr
from dataclasses import replace
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from asc.images.batches import TESTED
from asc.images.description import ImageData, ImageRun
from asc.images.training import train_images
from asc.run_folder import RunFolder
from evaluation.style import house_style
from recipes.drawing import save_figure
from recipes.image_cost import Examples, macs_of_example
from recipes.image_paces import is_quick
from recipes.trained import Measure, Picture
from recipes.trials import paces_of


def seconds_so_far() -> float:
    """Return the CPU time of this process: as a recipe begins, that of imports and of opening the data."""
    return time.process_time()


def seconds_of_drawing() -> float:
    """Return how long it takes to draw and write a plain figure of three panels."""
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
    runs: Sequence[ImageRun],
    examples: Mapping[ImageData, Examples],
    measure: Measure,
    images: Path,
    accelerator: str,
) -> float:
    """Return how long it takes to measure finished runs, one of those that differ in their learning rate only.

    Each network is trained for a few steps and measured; a large one takes as long for each multiply-accumulate as the
    largest of its architecture that is not.

    Parameters
    ----------
    examples
        Of all data that the runs are on.
    measure
        What the recipe computes of a run.
    images
        Folder of image sets.
    accelerator
        `cpu` or `cuda`.
    """

    def macs(run: ImageRun) -> int:
        return macs_of_example(run, examples[run.data].shape)

    different = {replace(run, training=replace(run.training, learning_rate=1.0)): run for run in runs}
    ordered = sorted(different.values(), key=macs)
    seconds = paces_of(
        ordered,
        key=lambda run: (run.network, run.data),
        kind=lambda run: run.network.architecture,
        quick=lambda run: is_quick(TESTED * macs(run), accelerator),
        measure=lambda run: _seconds_of_one(_tried(run, examples[run.data]), measure, images, accelerator) / macs(run),
    )
    tests = [max(1.0, examples[run.data].parts["test"] / TESTED) for run in ordered]
    return sum(pace * macs(run) * often for run, pace, often in zip(ordered, seconds, tests, strict=True))


def _tried(run: ImageRun, examples: Examples) -> ImageRun:
    """Return the run of an epoch of few examples, which hardly learns, tested on one batch."""
    few = min(run.training.batch_size, examples.parts["train"])
    split = replace(run.data.split, train_examples=few, test_examples=min(TESTED, examples.parts["test"]))
    training = replace(run.training, epochs=1, learning_rate=1e-6)
    return replace(run, data=replace(run.data, split=split), training=training)


def _seconds_of_one(run: ImageRun, measure: Measure, images: Path, accelerator: str) -> float:
    with tempfile.TemporaryDirectory() as name, redirect_stderr(io.StringIO()):
        train_images(run, images, Path(name), accelerator)
        begin = time.perf_counter()
        measure(RunFolder.of(run, Path(name)), accelerator)
        return time.perf_counter() - begin
