"""Identity of runs: every field counts but the seed, JSON brings a description back, bad values are named."""

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from asc.augmentations.mixup import Mixup
from asc.augmentations.rolling import RolledFrames, RolledWaveforms
from asc.presets import image_training
from asc.run import Data, ImageData, Run, SceneData, Stack
from asc.training_settings import TrainingSettings
from common.errors import ConfigError
from common.identity import canonical_json, from_plain
from data_prep.images.augmentation import AUGMENTATIONS
from data_prep.images.splits import ImageSplitSettings
from data_prep.images.teacher import TeacherSettings
from models.audio.resnet import AudioResNetSettings
from models.initialisation import Start
from models.registry import network_settings
from models.vision.mlp import MlpSettings
from models.weights.damping import Damping
from models.weights.dct import DctSparsity
from models.weights.hyperplane import RandomHyperplane
from models.weights.iterative import IterativePruning
from models.weights.pruned import PrunedAtStart
from models.weights.sparse import StaticSparsity

ITERATIVE = IterativePruning(base_width=16, first_epoch=1, epochs=3, time_constant=2.0)
SCENES = Run(
    data=SceneData(name="demo", identity="0" * 64),
    network=AudioResNetSettings(),
    start=Start(init="fixup"),
    weights=(StaticSparsity(base_width=16), Damping()),
    training=TrainingSettings(patience=None, factor=0.5),
    preset="paper",
)
IMAGES = Run(
    data=ImageData(name="mnist", identity="0" * 64, teacher=TeacherSettings(), augmentation=AUGMENTATIONS["price2021"]),
    network=network_settings("resnet18", width=16, inner=3.0),
    weights=(PrunedAtStart(base_width=8, method="snip", iterations=3),),
    training=TrainingSettings(keep="best-train", patience=3, augmentations=(Mixup(),)),
    preset="tiny",
)
RUNS = {"scenes": SCENES, "images": IMAGES, "iterative": replace(SCENES, weights=(ITERATIVE, Damping()))}
OTHER: dict[str, Any] = {
    "name": "other",
    "identity": "1" * 64,
    "rule": "official",
    "train_devices": ("b",),
    "init": "kaiming",
    "deviations": "published-code",
    "precision": "bf16-mixed",
    "preset": "demo",
    "n_fft": 1024,
    "fmin": 20.0,
    "fmax": 8000.0,
    "sample_rate": 44100,
    "world_size": 4,
    "labels": "random",
    "allocation": "uniform",
    "mask_init": "rescaled",
    "magnitude": "weight",
    "method": "synflow",
    "scoring_loss": "neg_logit",
    "optimizer": "sgd",
    "schedule": "cosine",
    "keep": "best-validation",
    "milestones": (3,),
    "decayed": ("a",),
    "slowed": ("b",),
    "augmentations": (RolledFrames(),),
    "weights": (DctSparsity(kept=(7,)),),
    "normalisation": "none",
    "stem": "imagenet",
    "projections": "stages",
    "crop": "central",
    "scale": (0.5, 1.0),
    "ratio": (0.5, 2.0),
    "contrast": (0.5, 1.0),
    "reach": 3,
    "alpha": 0.4,
}


def other(field: str, value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    return OTHER[field] if field in OTHER else (value / 2 or 0.25) if isinstance(value, float) else value + 1


def altered(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield copies of a nested dataclass, each with one leaf field changed, and the field's name.

    Fields that are None or empty stay so, unless `OTHER` says what else they can be.
    """
    for field in dataclasses.fields(value):
        inner, name = getattr(value, field.name), field.name
        if dataclasses.is_dataclass(inner):
            yield from ((f"{name}.{part}", replace(value, **{name: copy})) for part, copy in altered(inner))
        elif isinstance(inner, tuple) and inner and dataclasses.is_dataclass(inner[0]):
            yield name, replace(value, **{name: OTHER[name]})
            for i, one in enumerate(inner):
                copies = ((part, (*inner[:i], copy, *inner[i + 1 :])) for part, copy in altered(one))
                yield from ((f"{name}.{i}.{part}", replace(value, **{name: copy})) for part, copy in copies)
        elif name in OTHER or inner not in (None, ()):
            yield name, replace(value, **{name: other(name, inner)})


@pytest.mark.parametrize("name", RUNS)
def test_every_field_but_the_seed_is_in_the_identity(name: str) -> None:
    run = RUNS[name]
    copies = dict(altered(run))
    assert len(copies) > 30
    identities = {copy.identity for field, copy in copies.items() if field != "seed"}
    assert len(identities | {run.identity}) == len(copies)
    assert copies["seed"].identity == run.identity


@pytest.mark.parametrize("name", RUNS)
def test_json_brings_every_description_back(name: str) -> None:
    for _, copy in altered(RUNS[name]):
        assert from_plain(Run, json.loads(canonical_json(copy))) == copy


def test_entries_with_the_same_values_are_told_apart() -> None:
    for one, two in (
        ({"augmentations": (RolledFrames(reach=5),)}, {"augmentations": (RolledWaveforms(reach=5),)}),
        ({"augmentations": (RolledFrames(), Mixup())}, {"augmentations": (RolledFrames(),)}),
    ):
        runs = [replace(SCENES, training=replace(SCENES.training, **values)) for values in (one, two)]
        assert runs[0].identity != runs[1].identity
    networks = [network_settings(kind, width=8) for kind in ("resnet18", "resnet50")]
    assert len({replace(IMAGES, network=network, weights=()).identity for network in networks}) == 2
    assert replace(SCENES, weights=()).identity != SCENES.identity
    assert replace(SCENES, weights=(ITERATIVE,)).identity != replace(SCENES, weights=(ITERATIVE, Damping())).identity


def test_unknown_and_missing_fields_are_named() -> None:
    value = json.loads(canonical_json(SCENES))
    with pytest.raises(ConfigError, match=r"training\.speed"):
        from_plain(Run, value | {"training": value["training"] | {"speed": 3}})
    with pytest.raises(ConfigError, match=r"network\.kind = 'perceptron' is not allowed: one of .*audio-resnet"):
        from_plain(Run, value | {"network": value["network"] | {"kind": "perceptron"}})
    del value["network"]["depth"]
    with pytest.raises(ConfigError, match=r"network\.depth"):
        from_plain(Run, value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("epochs", 0),
        ("batch_size", 0),
        ("world_size", 0),
        ("learning_rate", 0.0),
        ("learning_rate", float("nan")),
        ("warmup_epochs", -1),
        ("momentum", -0.1),
        ("weight_decay", -0.1),
        ("final_learning_rate", -0.1),
        ("optimizer", "lion"),
        ("schedule", "sideways"),
        ("keep", "worst"),
        ("precision", "8"),
        ("patience", 3),
    ],
)
def test_bad_training_values_are_named(field: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=field):
        TrainingSettings(**{field: value})


@pytest.mark.parametrize(
    ("kind", "values", "field"),
    [
        (SceneData, {"labels": "noisy"}, "labels"),
        (ImageData, {"labels": "noisy"}, "labels"),
        (ImageData, {"normalisation": "noisy"}, "normalisation"),
    ],
)
def test_bad_values_of_data_are_named(kind: type[Data], values: dict[str, Any], field: str) -> None:
    with pytest.raises(ConfigError, match=field):
        kind(name="a", identity="", **values)


def test_bad_values_of_a_run_are_named() -> None:
    with pytest.raises(ConfigError, match="seed"):
        replace(SCENES, seed=-1)
    with pytest.raises(ConfigError, match="weights"):
        replace(SCENES, weights=(StaticSparsity(kept=(5,)), RandomHyperplane(dimension=3)))


def test_a_batch_that_processes_cannot_share_is_an_error() -> None:
    with pytest.raises(ConfigError, match="multiple of the 3"):
        TrainingSettings(batch_size=32, world_size=3)


def test_titles_say_what_the_run_is() -> None:
    random = ImageData(name="mnist", identity="", labels="random", split=ImageSplitSettings(validation=5))
    assert replace(SCENES, weights=SCENES.weights[:1]).title == "paper-base-w32-d1-k1-static-of-w16"
    assert SCENES.title == "paper-damped-w32-d1-k1-static-of-w16"
    assert replace(SCENES, weights=(Damping(),)).title == "paper-damped-w32-d1-k1"
    assert IMAGES.title == "tiny-mnist-resnet18-w16-pruned-of-w8-snip"
    assert replace(IMAGES, data=random, weights=(Damping(),)).title == "tiny-mnist-resnet18-w16-damped-random-labels"
    assert SCENES.damped
    assert not IMAGES.damped


def test_a_stack_is_known_by_its_runs() -> None:
    run = replace(IMAGES, network=MlpSettings(width=6), weights=())
    wider = replace(run, network=MlpSettings(width=7))
    assert Stack((run, wider)).identity != Stack((run,)).identity
    assert Stack((run, wider)).title == "stack-of-2"
    assert (Stack((run, wider)).seed, Stack((run, wider)).epochs) == (run.seed, run.epochs)


def test_equal_runs_have_one_identity_whichever_kind_of_number_they_were_given() -> None:
    """A share of 0 is written as it is given, and read back as the float 0.0."""
    run = Run(data=IMAGES.data, network=MlpSettings(), training=image_training(learning_rate=1))
    back = from_plain(Run, json.loads(canonical_json(run)))
    assert back == run == replace(run, training=image_training(learning_rate=1.0))
    assert back.identity == run.identity == replace(run, training=image_training(learning_rate=1.0)).identity
