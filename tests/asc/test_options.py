"""What the options of a training command make of a run, and which there are."""

import re
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import tyro

from asc.augmentations.mixup import Mixup
from asc.augmentations.registry import AUGMENTATIONS
from asc.augmentations.rolling import RolledFrames, RolledWaveforms
from asc.options import describe, options_type
from asc.presets import IMAGE_PRESETS, PRESETS
from asc.run import ImageData, Run, SceneData
from asc.train import main
from asc.training_settings import TrainingSettings
from common.errors import ConfigError
from data_prep.storage import PreparedSet
from models.audio.resnet import AudioResNetSettings
from models.initialisation import Start
from models.registry import NETWORKS
from models.vision.mlp import MlpSettings
from models.weights.damping import Damping
from models.weights.schemes import SCHEMES
from models.weights.sparse import StaticSparsity
from tests.tiny_images import write_tiny_images

PLACES = ["--data", "nowhere", "--runs", "nowhere", "--accelerator", "cpu", "--precision", "32-true"]


def described(source: PreparedSet | Path, *more: str) -> Run:
    """Return the run that a command line asks for."""
    arguments = [*PLACES, *more]
    return describe(tyro.cli(options_type(arguments), args=arguments), source)


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return the help text as one line, without its frame."""
    with pytest.raises(SystemExit) as stop:
        main([*arguments, "--help"])
    assert stop.value.code == 0
    return " ".join(capsys.readouterr().out.replace("│", " ").split())


def refused(capsys: pytest.CaptureFixture[str], *more: str) -> str:
    """Return what is said of wrong usage."""
    with pytest.raises(SystemExit) as stop:
        main([*PLACES, *more])
    assert stop.value.code == 2
    captured = capsys.readouterr()
    assert not captured.out
    return captured.err


@pytest.fixture
def images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_tiny_images("cifar10", tmp_path, monkeypatch)
    return tmp_path


def test_presets_are_the_defaults(prepared: PreparedSet) -> None:
    for name, preset in PRESETS.items():
        run = described(prepared, "--preset", name)
        assert (run.training, run.preset, run.weights) == (preset(), name, ())
        assert run.network == AudioResNetSettings(classes=3)
        assert run.start == Start(init="fixup")
    assert described(prepared).preset == "demo"


def test_presets_of_images_are_the_defaults(images: Path) -> None:
    for name, preset in IMAGE_PRESETS.items():
        run = described(images, "--images", "cifar10", "--network", "resnet18", "--preset", name)
        assert (run.training, run.preset, run.start) == (preset(), name, Start())
        assert isinstance(run.data, ImageData)
        assert (run.data.name, run.network.label, run.network.classes) == ("cifar10", "resnet18-w64", 10)


OTHER_VALUES: list[tuple[str, Sequence[str], Any]] = [
    ("epochs", ["7"], 7),
    ("batch_size", ["8"], 8),
    ("optimizer", ["sgd"], "sgd"),
    ("learning_rate", ["0.5"], 0.5),
    ("schedule", ["steps"], "steps"),
    ("final_learning_rate", ["1e-5"], 1e-5),
    ("warmup_epochs", ["3"], 3),
    ("milestones", ["3", "5"], (3, 5)),
    ("factor", ["0.2"], 0.2),
    ("momentum", ["0.9"], 0.9),
    ("weight_decay", ["0.01"], 0.01),
    ("decayed", ["classifier"], ("classifier",)),
    ("slowed", ["bias", "scale"], ("bias", "scale")),
    ("smoothing", ["0.9"], 0.9),
    ("epsilon", ["1e-3"], 1e-3),
    ("keep", ["best-train"], "best-train"),
]


@pytest.mark.parametrize(("name", "given", "value"), OTHER_VALUES, ids=[name for name, *_ in OTHER_VALUES])
def test_an_option_changes_its_setting_and_its_default_nothing(
    prepared: PreparedSet, name: str, given: Sequence[str], value: Any
) -> None:
    plain, option = described(prepared), "--" + name.replace("_", "-")
    usual = getattr(plain.training, name)
    same = described(prepared, option, *map(str, usual if isinstance(usual, tuple) else [usual]))
    assert same.identity == plain.identity
    changed = described(prepared, option, *given)
    assert getattr(changed.training, name) == value
    assert changed.identity != plain.identity


def test_every_training_setting_has_an_option() -> None:
    elsewhere = {"world_size": "--devices", "patience": "--keep", "augmentations": "--augmentations", "precision": ""}
    assert {field.name for field in fields(TrainingSettings)} == {name for name, *_ in OTHER_VALUES} | set(elsewhere)


def test_options_with_names_of_their_own(prepared: PreparedSet) -> None:
    run = described(prepared, "--devices", "2", "--keep", "best-train", "--patience", "3", "--precision", "bf16-mixed")
    training = run.training
    assert (training.world_size, training.patience, training.precision) == (2, 3, "bf16-mixed")
    run = described(prepared, "--init", "truncated-normal", "--sigma", "0.2", "--labels", "random", "--seed", "4")
    assert run.start == Start(init="truncated-normal", sigma=0.2)
    assert (run.data.labels, run.seed) == ("random", 4)
    run = described(prepared, "--split", "official", "--train-devices", "a", "b", "--test-cities", "2")
    assert isinstance(run.data, SceneData)
    assert (run.data.split.rule, run.data.split.train_devices, run.data.split.test_cities) == (
        "official",
        ("a", "b"),
        2,
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], (RolledFrames(), Mixup())),
        (["--augmentations"], ()),
        (["--augmentations", "mixup"], (Mixup(),)),
        (["--augmentations", "roll-frames", "--roll-frames.reach", "2"], (RolledFrames(reach=2),)),
        (["--augmentations", "roll-waveform", "mixup"], (RolledWaveforms(), Mixup())),
        (["--mixup.alpha", "0.1"], (RolledFrames(), Mixup(alpha=0.1))),
        (["--preset", "paper", "--roll-waveform.reach", "100"], (RolledWaveforms(reach=100), Mixup())),
    ],
)
def test_augmentations_are_chosen_by_name(prepared: PreparedSet, given: list[str], expected: tuple[Any, ...]) -> None:
    assert described(prepared, *given).training.augmentations == expected


def test_schemes_are_chosen_by_name_and_laid_in_their_order(prepared: PreparedSet) -> None:
    more = ["--weights", "damped", "static", "--damped.edge", "0.3", "--static.base-width", "8", "--static.io-only"]
    run = described(prepared, "--width", "16", "--depth", "2", *more)
    assert run.network == AudioResNetSettings(width=16, depth=2, classes=3)
    assert run.weights == (StaticSparsity(base_width=8, io_only=True), Damping(edge=0.3))
    assert run.title == "demo-damped-w16-d2-k1-static-of-w8"


def test_epochs_of_iterative_pruning_are_in_proportion_unless_they_are_given(prepared: PreparedSet) -> None:
    run = described(prepared, "--weights", "iterative", "--iterative.base-width", "8", "--epochs", "35")
    (scheme,) = run.weights
    assert (scheme.first_epoch, scheme.epochs, scheme.time_constant) == (7, 20, 5.0)  # type: ignore[attr-defined]
    more = ["--iterative.first-epoch", "2", "--iterative.epochs", "8", "--iterative.time-constant", "3"]
    (scheme,) = described(prepared, "--weights", "iterative", "--iterative.base-width", "8", *more).weights
    assert (scheme.first_epoch, scheme.epochs, scheme.time_constant) == (2, 8, 3.0)  # type: ignore[attr-defined]


def test_a_run_on_images_has_their_options(images: Path) -> None:
    more = ["--network", "mlp", "--width", "5", "--activation", "linear", "--no-bias"]
    parts = ["--examples.validation", "4", "--examples.train-examples", "10", "--normalisation", "pixel"]
    run = described(images, "--images", "cifar10", *more, *parts, "--image.flip", "--image.crop", "random")
    assert isinstance(run.data, ImageData)
    assert run.network == MlpSettings(width=5, inputs=3 * 32 * 32, classes=10, activation="linear", bias=False)
    assert (run.data.split.validation, run.data.split.train_examples, run.data.normalisation) == (4, 10, "pixel")
    assert (run.data.augmentation.flip, run.data.augmentation.crop) == (True, "random")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--weights", "static", "--damped.edge", "0.1"], "--damped.edge"),
        (["--static.base-width", "8"], "--static.base-width"),
        (["--augmentations", "roll-frames", "--mixup.alpha", "0.1"], "--mixup.alpha"),
        (["--activation", "relu"], "--activation"),
        (["--classes", "5"], "--classes"),
        (["--network", "mlp", "--depth", "2"], "--depth"),
        (["--images", "mnist", "--test-cities", "2"], "--test-cities"),
        (["--image.flip"], "--image.flip"),
        (["--network", "nowhere"], "audio-resnet"),
        (["--weights", "sparse"], "static"),
        (["--augmentations", "roll"], "roll-frames"),
        (["--width", "many"], "many"),
        (["--images", "nowhere"], "cifar10"),
        (["--preset", "nowhere"], "paper"),
        (["--optimizer", "nowhere"], "rmsprop"),
    ],
)
def test_wrong_names_and_options_of_what_is_not_chosen_are_wrong_usage(
    capsys: pytest.CaptureFixture[str], more: list[str], said: str
) -> None:
    assert said in refused(capsys, *more)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--weights", "damped", "--damped.edge", "2"], "edge = 2"),
        (["--weights", "static"], "base_width"),
        (["--weights", "static", "dct", "--static.base-width", "8", "--dct.kept", "9"], "weights = 'static, dct'"),
        (["--weights", "static", "static", "--static.base-width", "8"], "weights = 'static, static'"),
        (["--augmentations", "mixup", "mixup"], "augmentations"),
        (["--mixup.alpha", "-1"], "alpha"),
        (["--width", "0"], "width"),
        (["--learning-rate", "0"], "learning_rate"),
        (["--seed", "-1"], "seed"),
        (["--patience", "3"], "patience"),
        (["--weights", "iterative", "--iterative.base-width", "8", "--iterative.epochs", "50"], "iterative.epochs"),
        (["--network", "mlp", "--init", "fan-in-normal", "--width", "-3"], "width"),
    ],
)
def test_values_that_are_not_allowed_are_named(prepared: PreparedSet, more: list[str], said: str) -> None:
    with pytest.raises(ConfigError) as error:
        described(prepared, *more)
    assert said in str(error.value)


@pytest.mark.parametrize("network", [entry.kind for entry in NETWORKS])
def test_every_option_has_a_text(capsys: pytest.CaptureFixture[str], network: str) -> None:
    chosen = ["--weights", *(entry.kind for entry in SCHEMES)]
    for more in (["--images", "mnist"], ["--augmentations", *(entry.kind for entry in AUGMENTATIONS)]):
        text = shown(capsys, "--network", network, *chosen, *more)
        assert re.findall(r"(--[\w.-]+)(?: [A-Z|{}]+)?(?: [A-Z]+)? \((?:default|required)", text) == []


def test_help_lists_every_entry_and_describes_options_of_those_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys)
    for entry in (*NETWORKS, *SCHEMES, *AUGMENTATIONS):
        assert f"`{entry.kind}`: " in text
    assert "--mixup.alpha" in text
    assert "--damped.edge" not in text
    text = shown(capsys, "--weights", "static", "damped")
    assert "--static.base-width" in text
    assert "--damped.edge FLOAT Factor" in text
    assert "--activation" in shown(capsys, "--network", "mlp")
    assert "--image.flip" in shown(capsys, "--images", "mnist")
