"""What options make of a run's description."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from asc.description import TrainingSettings
from asc.options import TrainOptions, describe
from asc.presets import PRESETS
from data_prep.storage import PreparedSet

PLACES: dict[str, Any] = {"data": Path(), "runs": Path(), "accelerator": "cpu", "precision": "32-true"}


def test_every_training_setting_has_an_option() -> None:
    settings = {field.name for field in fields(TrainingSettings)} - {"world_size"}  # --devices
    assert settings <= {field.name for field in fields(TrainOptions)}


@pytest.mark.parametrize(
    ("name", "value"),
    [("final_learning_rate", 1e-5), ("warmup_epochs", 3), ("roll_samples", 100), ("roll_frames", 2)],
)
def test_an_option_changes_its_setting_and_its_default_nothing(prepared: PreparedSet, name: str, value: Any) -> None:
    plain = describe(TrainOptions(**PLACES), prepared)
    assert plain.training == PRESETS["demo"]()
    same = describe(TrainOptions(**PLACES, **{name: getattr(plain.training, name)}), prepared)
    assert same.identity == plain.identity
    changed = describe(TrainOptions(**PLACES, **{name: value}), prepared)
    assert getattr(changed.training, name) == value
    assert changed.identity != plain.identity
