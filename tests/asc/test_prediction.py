"""Predictions: every clip once, in order, however many at a time, with nothing changed by asking; and the example."""

from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from asc import prediction
from asc.clips import MappedClips
from asc.data import Sides
from asc.description import RunDescription
from asc.example import write_example
from asc.module import SceneClassifier
from asc.prediction import logits_of, predictions_table, worth_keeping
from asc.run_folder import RunFolder
from data_prep.storage import PreparedSet
from models.weights.damping import FrequencyDamping


@pytest.fixture
def module(prepared: PreparedSet, description: RunDescription) -> SceneClassifier:
    sides = Sides.of(prepared, description)
    source = MappedClips(prepared, "spectrogram")
    made = SceneClassifier(description, source, prepared.band_statistics(sides.train)).train()
    for parameter in made.network.classifier.parameters():
        torch.nn.init.normal_(parameter)
    return made


def test_batches_do_not_show(module: SceneClassifier, prepared: PreparedSet, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.arange(23)[::-1].copy()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    whole = logits_of(module, rows, nullcontext)
    monkeypatch.setattr(prediction, "_CLIPS_AT_ONCE", 5)
    np.testing.assert_allclose(logits_of(module, rows, nullcontext), whole, atol=1e-5)
    single = logits_of(module, rows[7:8], nullcontext)
    np.testing.assert_allclose(single[0], whole[7], atol=1e-5)
    assert module.training
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert whole.std() > 0


def test_kept_spectrograms_are_computed_once(
    module: SceneClassifier, prepared: PreparedSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, kept, computed = np.arange(20), [], []
    original = module.spectrograms
    monkeypatch.setattr(module, "spectrograms", lambda loaded: computed.append(1) or original(loaded))
    without = logits_of(module, rows, nullcontext)
    first, second = (logits_of(module, rows, nullcontext, kept) for _ in range(2))
    assert np.array_equal(first, without)
    assert np.array_equal(second, without)
    assert len(computed) == 2 + 2  # two batches without keeping, two with, none the second time
    assert torch.cat(kept).shape == (20, 1, *prepared.shape)


def test_each_weight_is_formed_once_for_all_batches(module: SceneClassifier, monkeypatch: pytest.MonkeyPatch) -> None:
    formed, original = [], FrequencyDamping.forward

    def noted(scheme: FrequencyDamping, weight: torch.Tensor) -> torch.Tensor:
        formed.append(scheme)
        return original(scheme, weight)

    monkeypatch.setattr(FrequencyDamping, "forward", noted)
    logits_of(module, np.arange(40), nullcontext)
    assert len(formed) == len(set(map(id, formed))) > 5


@pytest.mark.parametrize(("width", "clips"), [(8, 256), (32, 256), (128, 64), (512, 16), (2048, 16)])
def test_batches_suit_the_device(module: SceneClassifier, description: RunDescription, width: int, clips: int) -> None:
    assert prediction._clips_at_once(module) == 16
    wide = replace(description, network=replace(description.network, width=width))
    on_gpu = SimpleNamespace(device=torch.device("cuda"), description=wide)
    assert prediction._clips_at_once(on_gpu) == clips  # type: ignore[arg-type]


def test_computed_spectrograms_are_kept_where_they_fit(
    module: SceneClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not worth_keeping(module, 1, 1)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _device: (10_000, 12_000))
    on_gpu: Any = SimpleNamespace(device=torch.device("cuda"), front_end=module)
    assert worth_keeping(on_gpu, 500, 1)
    assert not worth_keeping(on_gpu, 501, 1)
    assert worth_keeping(on_gpu, 300, 2)
    assert not worth_keeping(on_gpu, 301, 2)
    on_gpu.front_end = None  # stored ones are read, or resident, anyway
    assert not worth_keeping(on_gpu, 1, 1)


def test_the_table_says_what_each_clip_is(prepared: PreparedSet) -> None:
    clips = prepared.clips.iloc[10:16]
    logits = np.arange(18, dtype=np.float32).reshape(6, 3)
    table = predictions_table(clips, logits, prepared.scenes, ("a", "b"), epoch=4)
    assert table["clip"].tolist() == clips["clip"].tolist()
    assert table["seen"].tolist() == clips["device"].isin(["a", "b"]).tolist()
    assert set(table["epoch"]) == {4}
    assert table["logit:park"].tolist() == [1, 4, 7, 10, 13, 16]


def test_the_example_is_one_recording_on_two_devices(
    prepared: PreparedSet, description: RunDescription, tmp_path: object
) -> None:
    folder = RunFolder(tmp_path)  # type: ignore[arg-type]
    write_example(folder, prepared, Sides.of(prepared, description))
    with np.load(folder.example_file, allow_pickle=False) as example:
        clips = prepared.clips[prepared.clips["recording"] == str(example["recording"])]
        for side in ("seen", "unseen"):
            row = clips.index[clips["device"] == str(example[f"{side}_device"])].to_numpy()
            assert np.array_equal(example[side], prepared.spectrograms(row)[0])
        assert str(example["seen_device"]) == "a" != str(example["unseen_device"])
