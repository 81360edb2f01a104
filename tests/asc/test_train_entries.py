"""Runs of any network with any schemes on any data, each from the command line."""

from pathlib import Path

import pandas as pd
import pytest
import torch

from asc.loading import load_network
from asc.run_folder import RunFolder
from asc.train import main
from data_prep.storage import PreparedSet
from models.prunable import prunable
from models.weights.damping import Damping
from models.weights.dct import DctSparsity
from models.weights.iterative import IterativePruning
from models.weights.masked import masks_of
from models.weights.schemes import trained_parameters
from tests.conftest import TEST_PRECISION
from tests.tiny_images import write_tiny_images

pytestmark = pytest.mark.trains


def run(folder: Path, data: Path, capsys: pytest.CaptureFixture[str], *more: str) -> RunFolder:
    """Train from the command line and return the run's folder."""
    places = ["--data", str(data), "--runs", str(folder), "--accelerator", "cpu", "--precision", TEST_PRECISION]
    assert main([*places, *more]) == 0
    return RunFolder(Path(capsys.readouterr().out.splitlines()[-1]))


def small_scenes(*more: str) -> list[str]:
    return ["--width", "4", "--epochs", "2", "--batch-size", "6", *more]


@pytest.fixture
def images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_tiny_images("cifar10", tmp_path / "images", monkeypatch)
    return tmp_path / "images"


def test_an_audio_run_with_dct_plus_sparse_weights(
    prepared: PreparedSet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dct = ["--weights", "dct", "--dct.kept", "300", "--dct.allocation", "equal_per_layer", "--dct.scale", "fixup"]
    command = small_scenes(*dct, "--optimizer", "sgd", "--momentum", "0.9")
    folder = run(tmp_path, prepared.folder, capsys, *command)
    described = folder.description()
    assert described.weights == (DctSparsity(kept=(300,), allocation="equal_per_layer", scale="fixup"),)
    assert described.training.optimizer == "sgd"
    assert folder.path.parent.name.startswith("demo-base-w4-d1-k1-dct-")
    network = load_network(folder)
    trained = sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)
    assert trained == trained_parameters(described.weights, described.network)
    for layer in prunable(network).values():
        assert layer.get_parameter("parametrizations.weight.0.alpha").requires_grad
    # The same command finds it done.
    assert run(tmp_path, prepared.folder, capsys, *command) == folder


def test_a_damped_iteratively_pruned_image_run(
    images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    size = ["--images", "cifar10", "--network", "resnet18", "--width", "4", "--epochs", "4", "--batch-size", "10"]
    schemes = ["--weights", "damped", "iterative", "--damped.edge", "0.2", "--iterative.base-width", "2"]
    pruned = ["--iterative.first-epoch", "0", "--iterative.epochs", "2", "--iterative.magnitude", "weight"]
    folder = run(tmp_path / "runs", images, capsys, *size, *schemes, *pruned)
    described = folder.description()
    kind, damping = described.weights
    assert isinstance(kind, IterativePruning)
    assert damping == Damping(edge=0.2)
    network = load_network(folder)
    masks = masks_of(network)
    kept = sum(int(mask.sum()) for mask in masks.values())
    assert kept == kind.budget(described.network)[0]
    weights = {name: layer.weight for name, layer in prunable(network).items()}
    assert all(bool((weights[name][~mask] == 0).all()) for name, mask in masks.items())
    # Kernels' edge rows are damped, what is removed stays zero.
    name, stem = next(iter(prunable(network).items()))
    trained = stem.get_parameter("parametrizations.weight.original") * masks[name]
    torch.testing.assert_close(stem.weight[:, :, 0], 0.2 * trained[:, :, 0])
    torch.testing.assert_close(stem.weight[:, :, 1], trained[:, :, 1])
    metrics = pd.read_csv(folder.metrics_file)
    assert metrics["epoch"].tolist() == [0, 1, 2, 3]
    assert metrics["test_accuracy"].between(0, 1).all()


def test_a_perceptron_on_clips_and_mixup_on_images(
    prepared: PreparedSet, images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = run(tmp_path / "runs", prepared.folder, capsys, *small_scenes("--network", "mlp"))
    assert folder.description().network.kind == "mlp"
    mixed = ["--augmentations", "mixup", "--images", "cifar10", "--network", "lenet5", "--epochs", "2"]
    mixed += ["--batch-size", "10", "--keep", "best-train", "--patience", "1"]
    folder = run(tmp_path / "runs", images, capsys, *mixed)
    assert [each.kind for each in folder.description().training.augmentations] == ["mixup"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--images", "cifar10", "--network", "lenet5", "--augmentations", "roll-frames"], "augmentations"),
        (["--images", "cifar10", "--network", "lenet5", "--init", "fixup"], "init"),
        (["--images", "cifar10", "--network", "lenet5", "--examples.validation", "50"], "validation"),
        (["--images", "cifar100", "--network", "lenet5"], "cifar-100"),
        (["--images", "cifar10", "--network", "vgg19", "--image.side", "4"], "do not fit"),
    ],
)
def test_what_cannot_be_is_a_named_error(
    images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], said: str
) -> None:
    places = ["--data", str(images), "--runs", str(tmp_path / "runs"), "--accelerator", "cpu", "--epochs", "1"]
    assert main([*places, *more]) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith("error: ")
    assert said in captured.err
    assert not list(tmp_path.glob("runs/*/*/*.json"))
