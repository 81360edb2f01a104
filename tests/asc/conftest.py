"""A prepared set of real files, small enough to train on in seconds."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from safetensors.torch import load_file

from asc.augmentations.mixup import Mixup
from asc.augmentations.rolling import RolledFrames
from asc.machine import Machine
from asc.run import Labels, Run, SceneData
from asc.run_folder import RunFolder
from asc.training import train
from asc.training_settings import TrainingSettings
from data_prep.layouts import LAYOUTS
from data_prep.planning import plan_set
from data_prep.preparation import prepare
from data_prep.splits import SplitSettings
from data_prep.storage import PreparedSet
from models.audio.resnet import AudioResNetSettings
from models.initialisation import Start
from models.weights.damping import Damping
from tests.conftest import TEST_PRECISION, TEST_SEED

SCENES, CITIES, DEVICES = ("bus", "park", "tram"), ("lyon", "milan", "paris", "prague"), ("a", "b", "s1")
RATE = 22_050


def clip(scene: int, city: int, location: int, device: int) -> np.ndarray:
    """One second of a tone that the scene has, in noise that the city has, louder or softer by device."""
    generator = np.random.default_rng([scene, city, location])
    tone = np.sin(2 * np.pi * (300 + 900 * scene + 40 * city) * np.arange(RATE) / RATE)
    return (0.2 * tone + 0.02 * generator.standard_normal(RATE)) / (1 + device)


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of 3 scenes x 4 cities x 2 locations x 3 devices, 1 s each, in the TAU layout."""
    root = tmp_path_factory.mktemp("recordings")
    (root / "audio").mkdir()
    rows = ["filename\tscene_label\tidentifier\tsource_label"]
    for i, scene in enumerate(SCENES):
        for j, city in enumerate(CITIES):
            for location in range(2):
                for k, device in enumerate(DEVICES):
                    place = f"{city}-{100 * i + 10 * j + location}"
                    name = f"audio/{scene}-{place}-{location}-{device}.wav"
                    soundfile.write(root / name, clip(i, j, location, k), RATE, subtype="PCM_16")
                    rows.append(f"{name}\t{scene}\t{place}\t{device}")
    (root / "meta.csv").write_text("\n".join(rows) + "\n")
    return root


@pytest.fixture(scope="session")
def prepared(recordings: Path, tmp_path_factory: pytest.TempPathFactory) -> PreparedSet:
    """Return the recordings prepared with their waveforms; each scene is tested on one city."""
    plan = plan_set(recordings, LAYOUTS["folder"], tmp_path_factory.mktemp("prepared"), waveforms=True)
    return prepare(plan, SplitSettings(test_cities=1), workers=1, on_error="stop")


@pytest.fixture(scope="session")
def scene_run(prepared: PreparedSet) -> Run:
    """Return a run of three epochs of the smallest network."""
    return Run(
        data=SceneData(
            name=prepared.name,
            identity=prepared.identity,
            split=prepared.split_defaults,
            features=prepared.features,
        ),
        network=AudioResNetSettings(width=4, classes=len(prepared.scenes)),
        start=Start(init="fixup"),
        weights=(Damping(edge=0.1),),
        training=TrainingSettings(
            epochs=3,
            batch_size=6,
            learning_rate=1e-2,
            augmentations=(RolledFrames(), Mixup()),
            precision=TEST_PRECISION,
        ),
        preset="demo",
    )


Trained = Callable[..., RunFolder]


@pytest.fixture
def trained(prepared: PreparedSet, scene_run: Run, tmp_path: Path) -> Trained:
    """Return a function that trains `scene_run`, with some training settings changed, in a folder of runs by name."""

    def make(
        runs: str = "runs", machine: Machine | None = None, seed: int = 0, labels: Labels = "true", **training: Any
    ) -> RunFolder:
        changed = replace(
            scene_run,
            data=replace(scene_run.data, labels=labels),
            training=replace(scene_run.training, **training),
            seed=seed + TEST_SEED,
        )
        return train(changed, prepared, tmp_path / runs, machine or Machine())

    return make


def same_weights(first: RunFolder, second: RunFolder) -> bool:
    """Tell whether two runs ended in the same weights, to the bit."""
    one, other = load_file(first.weights_file), load_file(second.weights_file)
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
