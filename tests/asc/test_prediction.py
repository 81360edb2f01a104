"""Predictions: every clip once, in order, however many at a time, with nothing changed by asking; and the example."""

from contextlib import nullcontext

import numpy as np
import pytest
import torch

from asc import prediction
from asc.clips import MappedClips
from asc.data import Sides
from asc.description import RunDescription
from asc.example import write_example
from asc.module import SceneClassifier
from asc.prediction import logits_of, predictions_table
from asc.run_folder import RunFolder
from data_prep.storage import PreparedSet


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
