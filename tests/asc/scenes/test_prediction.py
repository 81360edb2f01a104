"""Predictions: every clip once, in order, however many at a time; their table; and the example."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from asc.fabric import make_fabric
from asc.learners import NetworkLearner
from asc.networks import build_network
from asc.run import Run
from asc.run_folder import RunFolder
from asc.scenes import prediction
from asc.scenes.example import write_example
from asc.scenes.front_end import FrontEnd
from asc.scenes.prediction import clips_at_once, predictions_table, worth_keeping
from asc.scenes.sides import Sides
from asc.scenes.task import SceneTask
from asc.task import Logits
from data_prep.storage import PreparedSet
from models.network import NetworkSettings
from models.registry import network_settings
from models.weights.damping import FrequencyDamping
from tests.asc.conftest import Trained

CPU = torch.device("cpu")
ROWS = np.arange(23)[::-1].copy()


@pytest.fixture
def task(prepared: PreparedSet, scene_run: Run) -> SceneTask:
    return SceneTask(scene_run, prepared, CPU)


@pytest.fixture
def learner(scene_run: Run) -> NetworkLearner:
    network = build_network(scene_run)
    for parameter in network.classifier.parameters():  # type: ignore[union-attr]
        torch.nn.init.normal_(parameter)
    return NetworkLearner(scene_run, network, make_fabric("cpu"))


def logits_of(task: SceneTask, logits: Logits, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    return task._logits(rows, logits)


def test_batches_do_not_show(task: SceneTask, learner: NetworkLearner, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {name: value.clone() for name, value in learner.network.state_dict().items()}
    whole = logits_of(task, learner.logits, ROWS)
    monkeypatch.setattr(prediction, "_CLIPS_AT_ONCE", 5)
    np.testing.assert_allclose(logits_of(task, learner.logits, ROWS), whole, atol=1e-5)
    single = logits_of(task, learner.logits, ROWS[7:8])
    np.testing.assert_allclose(single[0], whole[7], atol=1e-5)
    assert all(torch.equal(value, before[name]) for name, value in learner.network.state_dict().items())
    assert whole.std() > 0


def test_kept_spectrograms_are_computed_once(
    task: SceneTask, learner: NetworkLearner, prepared: PreparedSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, kept, computed = np.arange(20), [], []
    original = FrontEnd.inputs

    def noted(front_end: FrontEnd, clips: Tensor) -> Tensor:
        computed.append(1)
        return original(front_end, clips)

    monkeypatch.setattr(FrontEnd, "inputs", noted)
    without = logits_of(task, learner.logits, rows)
    first, second = (task._logits(rows, learner.logits, kept) for _ in range(2))
    assert np.array_equal(first, without)
    assert np.array_equal(second, without)
    assert len(computed) == 2 + 2  # two batches without keeping, two with, none the second time
    assert torch.cat(kept).shape == (20, 1, *prepared.shape)


@pytest.mark.trains
def test_each_weight_is_formed_once_for_all_batches(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    formed: list[FrequencyDamping] = []
    original, scores = FrequencyDamping.forward, SceneTask.scores
    counts = []

    def noted(scheme: FrequencyDamping, weight: Tensor) -> Tensor:
        formed.append(scheme)
        return original(scheme, weight)

    def counted(task: SceneTask, epoch: int, logits: Logits, folder: RunFolder) -> list[dict[str, float]]:
        formed.clear()
        found = scores(task, epoch, logits, folder)
        counts.append((len(formed), len(set(map(id, formed)))))
        return found

    monkeypatch.setattr(prediction, "_CLIPS_AT_ONCE", 5)
    monkeypatch.setattr(FrequencyDamping, "forward", noted)
    monkeypatch.setattr(SceneTask, "scores", counted)
    trained(epochs=1)
    ((times, schemes),) = counts
    assert times == schemes > 5


@pytest.mark.parametrize(("width", "clips"), [(8, 256), (32, 256), (128, 64), (512, 16), (2048, 16)])
def test_batches_suit_the_device(width: int, clips: int) -> None:
    settings: NetworkSettings = network_settings("audio-resnet", width=width)
    assert clips_at_once(settings, CPU) == 16
    assert clips_at_once(settings, torch.device("cuda")) == clips


def test_computed_spectrograms_are_kept_where_they_fit(task: SceneTask, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not worth_keeping(CPU, 1, 1)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _device: (10_000, 12_000))
    gpu = torch.device("cuda")
    assert worth_keeping(gpu, 500, 1)
    assert not worth_keeping(gpu, 501, 1)
    assert worth_keeping(gpu, 300, 2)
    assert not worth_keeping(gpu, 301, 2)
    assert task._kept is None  # stored ones are read, or resident, anyway


def test_the_table_says_what_each_clip_is(prepared: PreparedSet) -> None:
    clips = prepared.clips.iloc[10:16]
    logits = np.arange(18, dtype=np.float32).reshape(6, 3)
    table = predictions_table(clips, logits, prepared.scenes, ("a", "b"), epoch=4)
    assert table["clip"].tolist() == clips["clip"].tolist()
    assert table["seen"].tolist() == clips["device"].isin(["a", "b"]).tolist()
    assert set(table["epoch"]) == {4}
    assert table["logit:park"].tolist() == [1, 4, 7, 10, 13, 16]


def test_the_example_is_one_recording_on_two_devices(prepared: PreparedSet, scene_run: Run, tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    write_example(folder, prepared, Sides.of(prepared, scene_run))
    with np.load(folder.example_file, allow_pickle=False) as example:
        clips = prepared.clips[prepared.clips["recording"] == str(example["recording"])]
        for side in ("seen", "unseen"):
            row = clips.index[clips["device"] == str(example[f"{side}_device"])].to_numpy()
            assert np.array_equal(example[side], prepared.spectrograms(row)[0])
        assert str(example["seen_device"]) == "a" != str(example["unseen_device"])
