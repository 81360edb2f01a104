"""Any network of the registry on clips: trained, read back, counted, mapped and pruned, or an error of one sentence."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from asc.loading import load_scenes
from asc.machine import Machine
from asc.run import Run
from asc.scenes.maps import erf_of_run
from asc.training import train
from common.errors import ConfigError, DataError
from data_prep.storage import PreparedSet
from models.initialisation import Start
from models.prunable import prunable
from models.registry import network_settings
from models.weights.bake import bake
from models.weights.damping import Damping
from models.weights.masked import masks_of
from models.weights.pruned import PrunedAtStart
from models.weights.schemes import kept_weights

pytestmark = pytest.mark.trains

SMALL: dict[str, dict[str, Any]] = {
    "resnet18": {"width": 4, "stem": "imagenet"},
    "vgg19": {"width": 2},
}


def on_clips(run: Run, kind: str, **size: Any) -> Run:
    network = network_settings(kind, classes=3, **size)
    return replace(
        run,
        network=network,
        start=Start(init="kaiming"),
        weights=(PrunedAtStart(kept=(5000,), method="synflow", iterations=10), Damping(edge=0.1)),
        training=replace(run.training, epochs=1),
    )


@pytest.mark.parametrize("kind", SMALL)
def test_a_network_of_images_learns_clips(prepared: PreparedSet, scene_run: Run, tmp_path: Path, kind: str) -> None:
    run = on_clips(scene_run, kind, channels=1, **SMALL[kind])
    folder = train(run, prepared, tmp_path, Machine())
    loaded = load_scenes(folder, prepared, "cpu")
    masks = masks_of(loaded.network)
    dense = sum(layer.weight.numel() for name, layer in prunable(loaded.network).items() if name not in masks)
    assert sum(int(mask.sum()) for mask in masks.values()) + dense == kept_weights(run.weights, run.network) == 5000
    complexity = json.loads(folder.result_file.read_text())["complexity"]
    assert complexity["input_shape"] == [1, *prepared.shape]
    assert complexity["nonzero_parameters"] < complexity["parameters"]
    assert complexity["macs"] > complexity["second_macs"] > 0 or complexity["second_macs"] == complexity["macs"]
    clips = next(loaded.task.inputs(loaded.task.sides.test, 2))
    expected = loaded.network(clips)
    for layer in ("features", "class-map"):
        erf = erf_of_run(loaded, layer, clips=3)  # type: ignore[arg-type]
        assert erf.values.any()
    bake(loaded.network)
    torch.testing.assert_close(torch.export.export(loaded.network, (clips,)).module()(clips), expected)


def test_a_network_without_a_feature_map_has_no_map(prepared: PreparedSet, scene_run: Run, tmp_path: Path) -> None:
    run = on_clips(scene_run, "mlp", width=8, inputs=prepared.shape[0] * prepared.shape[1])
    loaded = load_scenes(train(run, prepared, tmp_path, Machine()), prepared, "cpu")
    with pytest.raises(ConfigError, match="network = 'mlp' is not allowed: a network that has a feature map"):
        erf_of_run(loaded)


@pytest.mark.parametrize("kind", ["lenet5", "alexnet"])
def test_a_network_of_three_channels_does_not_fit_clips(
    prepared: PreparedSet, scene_run: Run, tmp_path: Path, kind: str
) -> None:
    with pytest.raises(DataError, match=r"inputs of shape \(1, 256, 44\) do not fit this network"):
        train(on_clips(scene_run, kind), prepared, tmp_path, Machine())
    assert not list(tmp_path.iterdir())
