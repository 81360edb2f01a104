"""Times of what a recipe does beside its runs."""

from dataclasses import replace
from pathlib import Path

import pytest

from asc.images.batches import open_set
from asc.images.description import ImageData, ImageNetwork, ImageRun, ImageWeights, Learning
from asc.run_folder import RunFolder
from data_prep.teacher import TeacherSettings
from recipes import figure_times
from recipes.image_cost import Examples


def test_a_run_of_each_learning_rate_but_one_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    data = ImageData(name="teacher", identity="", teacher=TeacherSettings(inputs=5), normalisation="none")
    small = ImageRun(
        data=data,
        network=ImageNetwork.of("mlp", width=4, classes=2, inputs=5),
        weights=ImageWeights(start="student"),
        training=Learning(epochs=7, batch_size=64, learning_rate=0.1, momentum=0.9),
        preset="tiny",
    )
    runs = [replace(small, training=replace(small.training, learning_rate=rate)) for rate in (0.1, 1.0)]
    runs += [replace(small, seed=1), replace(small, network=ImageNetwork.of("mlp", width=8, classes=2, inputs=5))]
    measured: list[tuple[str, bool]] = []

    def measure(folder: RunFolder, accelerator: str) -> None:
        measured.append((accelerator, folder.done))

    monkeypatch.setattr("time.perf_counter", iter(range(100)).__next__)  # whatever is timed takes a second
    found = figure_times.seconds_of_measuring(
        runs, {data: Examples.of(data, open_set(data, Path()))}, measure, Path(), "cpu"
    )
    # Each network is measured once, on 500 of 1,000 examples: two runs of the one, and one of the other.
    assert measured == [("cpu", True)] * 2
    assert found == pytest.approx(3 * 2)
