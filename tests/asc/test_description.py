"""Identity of runs: every field counts but the seed, JSON brings a description back, bad values are named."""

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from asc.description import (
    DataReference,
    RunDescription,
    SparsitySettings,
    TrainingSettings,
    WeightSettings,
    resolve_precision,
)
from common.errors import ConfigError
from common.identity import canonical_json, from_plain
from data_prep.features import FeatureSettings
from data_prep.splits import SplitSettings
from models.resnet import NetworkSettings

RUN = RunDescription(
    data=DataReference(name="demo", identity="0" * 64),
    split=SplitSettings(),
    features=FeatureSettings(),
    network=NetworkSettings(),
    weights=WeightSettings(sparsity=SparsitySettings(method="static", base_width=16)),
    training=TrainingSettings(),
    preset="paper",
)
OTHER: dict[str, Any] = {
    "name": "other",
    "identity": "1" * 64,
    "rule": "official",
    "train_devices": ("b",),
    "damping": 0.1,
    "init": "kaiming",
    "roll": "none",
    "precision": "bf16-mixed",
    "preset": "demo",
    "n_fft": 1024,
    "fmin": 20.0,
    "fmax": 8000.0,
    "sample_rate": 44100,
    "world_size": 4,
    "labels": "random",
    "method": "iterative",
    "allocation": "uniform",
    "mask_init": "rescaled",
    "magnitude": "weight",
}


def other(field: str, value: Any) -> Any:
    return OTHER[field] if field in OTHER else value / 2 if isinstance(value, float) else value + 1


def altered(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield copies of a nested dataclass, each with one leaf field changed, and the field's name."""
    for field in dataclasses.fields(value):
        inner = getattr(value, field.name)
        if dataclasses.is_dataclass(inner):
            yield from ((name, dataclasses.replace(value, **{field.name: copy})) for name, copy in altered(inner))
        else:
            yield field.name, dataclasses.replace(value, **{field.name: other(field.name, inner)})


def test_every_field_but_the_seed_is_in_the_identity() -> None:
    copies = dict(altered(RUN))
    assert len(copies) > 30
    identities = {copy.identity for name, copy in copies.items() if name != "seed"}
    assert len(identities | {RUN.identity}) == len(copies)
    assert copies["seed"].identity == RUN.identity


def test_json_brings_every_description_back() -> None:
    for _, copy in altered(RUN):
        assert from_plain(RunDescription, json.loads(canonical_json(copy))) == copy


def test_unknown_and_missing_fields_are_named() -> None:
    value = json.loads(canonical_json(RUN))
    with pytest.raises(ConfigError, match=r"training\.speed"):
        from_plain(RunDescription, value | {"training": value["training"] | {"speed": 3}})
    del value["network"]["depth"]
    with pytest.raises(ConfigError, match=r"network\.depth"):
        from_plain(RunDescription, value)


@pytest.mark.parametrize("field", ["method", "allocation", "mask_init", "magnitude"])
def test_unknown_ways_of_being_sparse_are_named(field: str) -> None:
    with pytest.raises(ConfigError, match=field):
        SparsitySettings(**{"method": "static", "base_width": 16, field: "other"})  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="base_width"):
        SparsitySettings(method="static", base_width=0)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("epochs", 0),
        ("batch_size", 0),
        ("world_size", 0),
        ("learning_rate", 0.0),
        ("learning_rate", float("nan")),
        ("mixup_alpha", -1.0),
        ("mixup_alpha", float("nan")),
        ("roll_samples", -1),
        ("roll_frames", -1),
        ("warmup_epochs", -1),
        ("roll", "sideways"),
        ("precision", "8"),
    ],
)
def test_bad_training_values_are_named(field: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=field):
        TrainingSettings(**{field: value})


def test_a_batch_that_processes_cannot_share_is_an_error() -> None:
    with pytest.raises(ConfigError, match="multiple of the 3"):
        TrainingSettings(batch_size=32, world_size=3)


def test_titles_say_what_the_run_is() -> None:
    assert RUN.title == "paper-base-w32-d1-k1-static-of-w16"
    assert dataclasses.replace(RUN, weights=WeightSettings(damping=0.1)).title == "paper-damped-w32-d1-k1"


def test_precision_follows_the_hardware(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX512")
    assert resolve_precision("auto", "cpu") == "bf16-mixed"
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")  # as ATEN_CPU_CAPABILITY may limit it
    assert resolve_precision("auto", "cpu") == "32-true"
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX512")
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx2": True})
    assert resolve_precision("auto", "cpu") == "32-true"
    assert resolve_precision("bf16-mixed", "cpu") == "bf16-mixed"
    with pytest.raises(ConfigError, match="precision"):
        resolve_precision("16", "cpu")
