"""Preparing: what decides a set's identity and contents, and what does not."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from common.errors import ConfigError
from common.identity import digest
from data_prep import preparation, shards
from data_prep.containers.acceptance import Acceptance
from data_prep.features import FeatureSettings, PerceptualMel
from data_prep.layouts import LAYOUTS
from data_prep.lengths import commonest_seconds
from data_prep.planning import plan_set
from data_prep.preparation import prepare
from data_prep.problems import Problems
from data_prep.recording import Recording, read_recording
from data_prep.shards import quantise
from data_prep.splits import SplitSettings
from tests.data_prep.conftest import SPLIT, Make
from tests.tiny_sets import SECONDS, read_lists, stamps, tree, write_lists, write_tiny_set


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Return the list of recordings that are read, as it grows."""
    seen: list[Path] = []

    def read(path: Path, accept: Acceptance) -> Recording:
        seen.append(path)
        return read_recording(path, accept)

    monkeypatch.setattr(shards, "read_recording", read)
    return seen


def identity(root: Path, out: Path, **settings: Any) -> str:
    return plan_set(root, LAYOUTS["folder"], out, **settings).folder.name


def test_the_result_depends_on_no_worker_count(make: Make, tmp_path: Path) -> None:
    trees = [tree(make(tmp_path / str(workers), workers=workers, waveforms=True).folder) for workers in (1, 2, 3)]
    assert trees[0] == trees[1] == trees[2]
    assert len(trees[0]) == 3 * 4 + 4  # features, waveforms and a part for each shard; manifest, clips, split, devices


def test_a_finished_set_is_left_as_it_is(make: Make, reads: list[Path]) -> None:
    folder = make().folder
    assert len(reads) == 36
    before = stamps(folder)
    make()
    assert len(reads) == 36
    assert stamps(folder) == before


def test_identity_covers_every_setting(root: Path, tmp_path: Path) -> None:
    changes: dict[str, Any] = {
        "sample_rate": 22_051,
        "n_fft": 2046,
        "hop_length": 511,
        "mels": 255,
        "fmin": 1.0,
        "fmax": 11_000.0,
        "top_db": 79.0,
        "amin": 1e-9,
    }
    assert set(changes) == {field.name for field in dataclasses.fields(FeatureSettings)}
    names = [identity(root, tmp_path, features=FeatureSettings(**{name: value})) for name, value in changes.items()]
    names += [
        identity(root, tmp_path),
        identity(root, tmp_path, seconds=0.19),
        identity(root, tmp_path, fit=True),
        identity(root, tmp_path, waveforms=True),
        identity(root, tmp_path, name="other"),
        identity(root, tmp_path, reference_device="b"),
        identity(root, tmp_path, channel="loudest"),
        identity(root, tmp_path, high_pass=20.0),
        identity(root, tmp_path, high_pass=21.0),
    ]
    assert len(set(names)) == len(names)


def test_identity_covers_rows_in_order_and_sizes(root: Path, tmp_path: Path) -> None:
    rows = read_lists(root)
    names = [identity(root, tmp_path)]
    write_lists(root, rows[::-1])
    names.append(identity(root, tmp_path))
    write_lists(root, rows[:-1])
    names.append(identity(root, tmp_path))
    write_lists(root, rows)
    (root / "evaluation_setup").mkdir()
    (root / "evaluation_setup/fold1_train.csv").write_text(f"filename\tscene_label\n{rows[0][0]}\tbus\n")
    names.append(identity(root, tmp_path))
    (root / "evaluation_setup/fold1_train.csv").unlink()
    with (root / rows[0][0]).open("ab") as file:
        file.write(b"\0")
    names.append(identity(root, tmp_path))
    assert len(set(names)) == len(names)


def test_identity_does_not_cover_place_time_or_split(root: Path, tmp_path: Path) -> None:
    write_tiny_set(tmp_path / "elsewhere")
    assert identity(root, tmp_path) == identity(tmp_path / "elsewhere", tmp_path / "x")
    assert identity(root, tmp_path) == identity(root, tmp_path, seconds=SECONDS)
    whole = write_tiny_set(tmp_path / "second", seconds=1.0)
    assert len(whole) == 36
    assert identity(tmp_path / "second", tmp_path, seconds=1) == identity(tmp_path / "second", tmp_path, seconds=1.0)


def test_the_split_is_rewritten_and_nothing_else(make: Make, root: Path, tmp_path: Path) -> None:
    before = tree(make().folder)
    plan = plan_set(root, LAYOUTS["folder"], tmp_path / "prepared")
    after = prepare(plan, SplitSettings(test_cities=1, train_devices=("all",)), workers=1, on_error="stop")
    assert after.split_defaults == SplitSettings(test_cities=1, train_devices=("all",))
    assert {name for name, value in tree(after.folder).items() if value != before[name]} == {"split.json"}


def test_an_impossible_split_is_an_error_before_any_work(root: Path, tmp_path: Path, reads: list[Path]) -> None:
    plan = plan_set(root, LAYOUTS["folder"], tmp_path / "prepared")
    with pytest.raises(ConfigError, match="test_cities"):
        prepare(plan, SplitSettings(test_cities=4), workers=1, on_error="stop")
    assert not reads
    assert not plan.folder.exists()


def test_shards_are_at_most_8_mib(root: Path, tmp_path: Path) -> None:
    plan = plan_set(root, LAYOUTS["folder"], tmp_path, seconds=300.0, fit=True)
    tasks = plan.tasks("stop")
    assert {len(task.clips) for task in tasks} == {1}  # 256 x 12920 float16 are 6.6 MB
    assert [clip for task in tasks for clip in task.clips] == plan.clips["clip"].tolist()
    tasks = plan_set(root, LAYOUTS["folder"], tmp_path).tasks("stop")
    assert [len(task.clips) for task in tasks] == [36]


def test_lengths(make: Make, root: Path) -> None:
    clips = [root / row[0] for row in read_lists(root)]
    noise = np.random.default_rng(1).normal(0, 0.1, 22_050)
    for path, seconds in zip(clips, (0.205, 0.195, 0.3, 0.1), strict=False):
        soundfile.write(path, noise[: round(seconds * 22_050)], 22_050, subtype="PCM_16")
    with pytest.raises(Problems) as caught:
        make()
    assert len(caught.value.problems) == 2
    prepared = make(fit=True)
    assert prepared.clips["fitted"].tolist()[:5] == ["trimmed", "padded", "cropped", "wrapped", ""]
    assert prepared.manifest.fitted == {"trimmed": 1, "padded": 1, "cropped": 1, "wrapped": 1}


def test_the_commonest_length_is_the_headers(root: Path) -> None:
    clips = plan_set(root, LAYOUTS["folder"], root).clips["clip"]
    assert commonest_seconds(root, clips) == SECONDS
    for number, clip in enumerate(clips[:20]):
        soundfile.write(root / clip, np.zeros(44_101 if number % 2 else 44_100), 44_100)
    assert commonest_seconds(root, clips) == 1.0
    for clip in clips:
        (root / clip).write_bytes(b"junk")
    assert commonest_seconds(root, clips) is None
    with pytest.raises(Problems, match="starts with b'junk'"):
        plan_set(root, LAYOUTS["folder"], root)


def test_other_rates_and_channels_come_out_the_same_shape(make: Make, root: Path) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(48_000) / 48_000)
    for (clip, *_), rate in zip(read_lists(root), (48_000, 44_100, 32_000, 8_000), strict=False):
        soundfile.write(root / clip, np.stack([tone[: round(rate * SECONDS)]] * 2, axis=1), rate, subtype="FLOAT")
    prepared = make(waveforms=True)
    assert np.isfinite(prepared.spectrograms(np.arange(36))).all()
    assert prepared.waveforms(np.arange(4))[0].shape == (4, 4410)


def test_silence_is_kept_and_marked(make: Make, root: Path) -> None:
    clip = read_lists(root)[4][0]
    soundfile.write(root / clip, np.zeros(4410), 22_050)
    prepared = make(waveforms=True)
    assert prepared.manifest.silent == 1
    assert prepared.clips["clip"][prepared.clips["silent"]].tolist() == [clip]
    integers, scale = prepared.waveforms(np.array([4]))
    assert not integers.any()
    assert scale == 0
    assert np.isfinite(prepared.spectrograms(np.array([4]))).all()


def test_channels_that_cancel_are_not_silence(make: Make, root: Path) -> None:
    noise = np.random.default_rng(0).integers(-(2**14), 2**14, 4410)
    clip = read_lists(root)[4][0]
    soundfile.write(root / clip, np.stack([noise, -noise], axis=1).astype(np.int16), 22_050)
    assert make().manifest.silent == 0


@pytest.mark.parametrize("corner", [0.0, -1.0, 11_025.0, float("nan"), float("inf")])
def test_corners_that_are_none(root: Path, tmp_path: Path, corner: float) -> None:
    with pytest.raises(ConfigError, match="high_pass"):
        identity(root, tmp_path, high_pass=corner)


def test_the_channel_that_was_asked_for_is_used(make: Make, root: Path, tmp_path: Path) -> None:
    left, right = np.random.default_rng(0).normal(0, 0.1, (2, 4410))
    clip = read_lists(root)[4][0]
    spectrograms = {}
    for name, samples in (("right", np.stack([left, right], axis=1)), ("mean", right)):
        soundfile.write(root / clip, samples, 22_050, subtype="FLOAT")
        spectrograms[name] = make(tmp_path / name, channel=name).spectrograms(np.array([4]))
    np.testing.assert_array_equal(spectrograms["right"], spectrograms["mean"])


def test_what_is_stored_has_passed_the_filter_as_the_features_have(make: Make, root: Path) -> None:
    noise = np.random.default_rng(0).normal(0, 1e-4, 4410)
    clip = read_lists(root)[4][0]
    soundfile.write(root / clip, 0.25 + noise, 22_050, subtype="FLOAT")
    prepared = make(waveforms=True, high_pass=20.0)
    integers, scale = prepared.waveforms(np.array([4]))
    waveform = integers * scale[:, None]
    assert np.abs(waveform).max() < 1e-3
    expected = PerceptualMel()(torch.from_numpy(waveform))[0].numpy()
    np.testing.assert_allclose(prepared.spectrograms(np.array([4]))[0], expected, atol=0.02)


@pytest.mark.parametrize("peak", [1.0, 1e-3, 1e-30, 1e-40, 1e-44, 2.0**31])
def test_quantising_loses_at_most_half_a_step(peak: float) -> None:
    waveform = (np.random.default_rng(0).uniform(-1, 1, 1000) * peak).astype(np.float32)
    integers, scale = quantise(waveform)
    error = np.abs(integers * np.float64(scale) - waveform).max()
    assert error <= max(0.51 * scale, 1e-40)  # below, float32 itself has no digits left


def test_a_file_that_changes_meanwhile_is_a_problem(make: Make, root: Path, tmp_path: Path) -> None:
    plan = plan_set(root, LAYOUTS["folder"], tmp_path / "prepared")
    soundfile.write(root / plan.clips["clip"][3], np.ones(4410), 22_050, subtype="PCM_16")
    with pytest.raises(Problems, match="when the set was planned"):
        prepare(plan, SPLIT, workers=1, on_error="stop")


def test_a_set_larger_than_the_disk_is_refused_at_once(
    make: Make, monkeypatch: pytest.MonkeyPatch, reads: list[Path]
) -> None:
    monkeypatch.setattr(preparation, "clip_bytes", lambda settings: 10**18)
    with pytest.raises(Exception, match=r"needs 36000000000000000000 bytes more, \d+ are free"):
        make()
    assert not reads


def test_parts_hold_what_was_seen(make: Make) -> None:
    prepared = make()
    part = json.loads((prepared.folder / "parts/00003.json").read_text())
    assert [record["clip"] for record in part["records"]] == prepared.clips["clip"][30:].tolist()
    assert part["features"] == prepared.manifest.shards[3].features
    assert part["problems"] == []
    assert digest(prepared.manifest) == json.loads((prepared.folder / "manifest.json").read_text())["digest"]


def test_recordings_made_of_other_things_are_another_set(root: Path, tmp_path: Path) -> None:
    names = {identity(root, tmp_path)}
    for origin in ("one synthesis", "a later one"):  # file names and sizes stay as they are
        (root / "made.json").write_text(origin)
        names.add(identity(root, tmp_path))
    assert len(names) == 3
