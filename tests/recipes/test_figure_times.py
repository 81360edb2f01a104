"""Times of what a recipe does beside its runs."""

from dataclasses import replace
from pathlib import Path

import pytest

from asc.images.task import open_set
from asc.presets import image_training
from asc.run import ImageData, Run
from asc.run_folder import RunFolder
from data_prep.images.teacher import TeacherSettings
from models.initialisation import Start
from models.registry import network_settings
from recipes import figure_times
from recipes.cost import Examples


def test_a_run_of_each_learning_rate_but_one_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    data = ImageData(name="teacher", identity="", teacher=TeacherSettings(inputs=5), normalisation="none")
    small = Run(
        data=data,
        network=network_settings("mlp", width=4, classes=2, inputs=5),
        start=Start(init="student"),
        training=image_training(epochs=7, batch_size=64, momentum=0.9),
        preset="tiny",
    )
    runs = [replace(small, training=replace(small.training, learning_rate=rate)) for rate in (0.1, 1.0)]
    runs += [replace(small, seed=1), replace(small, network=replace(small.network, width=8))]
    measured: list[tuple[str, bool]] = []

    def measure(folder: RunFolder, accelerator: str) -> None:
        measured.append((accelerator, folder.done))

    monkeypatch.setattr("time.perf_counter", iter(range(100)).__next__)  # whatever is timed takes a second
    found = figure_times.seconds_of_measuring(
        runs, {data: Examples.of(small, open_set(data, Path()))}, measure, Path(), "cpu"
    )
    # Each network is measured once, on 500 of 1,000 examples: two runs of the one, and one of the other.
    assert measured == [("cpu", True)] * 2
    assert found == pytest.approx(3 * 2)
