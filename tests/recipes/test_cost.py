"""What a run costs, counted beforehand, is what it turns out to be."""

import json
from pathlib import Path
from typing import Any

import pytest

from asc.options import TrainOptions, describe
from asc.training import Machine, train
from data_prep.storage import PreparedSet
from recipes.cost import SetSize, run_cost


@pytest.mark.parametrize("more", [{}, {"sparse": "static"}, {"sparse": "iterative"}])
def test_parameters_and_weights_on_disk(prepared: PreparedSet, tmp_path: Path, more: dict[str, Any]) -> None:
    places: dict[str, Any] = {"data": prepared.folder, "runs": tmp_path, "precision": "32-true", "accelerator": "cpu"}
    description = describe(TrainOptions(**places, width=16, base_width=8, epochs=3, **more), prepared)
    cost = run_cost(description, SetSize.of(prepared, description))
    folder = train(description, prepared, tmp_path, Machine())
    complexity = json.loads(folder.result_file.read_text())["complexity"]
    # Three epochs leave a few weights and biases at the zero that they start from.
    assert 0.95 * cost.parameters < complexity["nonzero_parameters"] <= cost.parameters
    # Beside the weights stand a header, the bands' statistics, and no positions of layers that keep everything.
    assert cost.weight_bytes == pytest.approx(folder.weights_file.stat().st_size, rel=0.15)
    # Three passes over the training clips and one over the test clips, in each of three epochs.
    assert cost.macs == complexity["macs"] * (3 * 18 + 18) * 3
