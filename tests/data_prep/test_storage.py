"""Prepared sets as they are read: contents against an independent computation, and every attack on the files."""

import json
import multiprocessing
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import librosa
import numpy as np
import pytest
import soundfile

from common.errors import AscError, ConfigError, DataError
from data_prep.arrays import open_array, write_array
from data_prep.features import FeatureSettings
from data_prep.manifest import SetSettings
from data_prep.storage import PreparedSet
from data_prep.verification import verify
from tests.data_prep.conftest import Make
from tests.tiny_sets import tree


@pytest.fixture
def prepared(make: Make) -> PreparedSet:
    return make(waveforms=True)


def test_arrays_are_what_numpy_would_have_written(tmp_path: Path) -> None:
    for array in (np.arange(24, dtype=np.float16).reshape(2, 3, 4), np.zeros((0, 5), np.int16)):
        np.save(tmp_path / "theirs.npy", array)
        write_array(tmp_path / "ours.npy", array)
        assert (tmp_path / "ours.npy").read_bytes() == (tmp_path / "theirs.npy").read_bytes()
        assert np.array_equal(open_array(tmp_path / "ours.npy", array.dtype, array.shape), array)


def test_rows_hold_what_librosa_computes_from_the_recordings(prepared: PreparedSet, root: Path) -> None:
    rows = np.array([35, 0, 17, 17, 9, 10])  # first and last of shards, one twice
    spectrograms, (integers, scales) = prepared.spectrograms(rows), prepared.waveforms(rows)
    assert spectrograms.dtype == np.float16
    assert spectrograms.shape == (6, 256, 9)
    assert integers.dtype == np.int16
    assert scales.dtype == np.float32
    for row, spectrogram, waveform in zip(rows, spectrograms, integers * scales[:, None], strict=True):
        samples, _ = soundfile.read(root / prepared.clips["clip"][row], dtype="float32")
        assert np.abs(waveform - samples).max() <= scales.max() * 0.51
        power = np.abs(librosa.stft(samples, pad_mode="reflect")) ** 2
        weighted = librosa.perceptual_weighting(power, librosa.fft_frequencies(), ref=1.0, amin=1e-10, top_db=80)
        expected = librosa.filters.mel(sr=22_050, n_fft=2048, n_mels=256) @ weighted
        assert np.abs(spectrogram - expected).max() < 0.005


def test_every_clip_uses_all_of_int16(prepared: PreparedSet) -> None:
    integers, _ = prepared.waveforms(np.arange(len(prepared)))
    assert (np.abs(integers.astype(int)).max(axis=1) == 32_767).all()


def test_attributes(prepared: PreparedSet) -> None:
    assert prepared.folder.name == f"folder-{prepared.identity[:12]}"
    assert prepared.scenes == ("bus", "park", "tram")
    assert (prepared.seconds, prepared.samples, prepared.shape) == (0.2, 4410, (256, 9))
    assert (prepared.name, prepared.reference_device, prepared.has_waveforms) == ("folder", "a", True)
    assert prepared.features == FeatureSettings()
    assert prepared.split_defaults.test_cities == 2
    assert prepared.clips["silent"].dtype == bool
    assert len(prepared) == len(prepared.clips) == 36
    assert set(prepared.clips["kind"]) == {"reference", "real", "simulated"}
    assert (prepared.clips["bytes"] == prepared.clips["bytes"].iloc[0]).all()


def test_rows_outside_the_set_are_refused(prepared: PreparedSet) -> None:
    for row in (-1, 36):
        with pytest.raises(IndexError, match="0 to 35"):
            prepared.spectrograms(np.array([0, row]))
    assert prepared.spectrograms(np.array([], dtype=int)).shape == (0, 256, 9)


def test_band_statistics_are_those_of_all_values_at_once(prepared: PreparedSet) -> None:
    rows = np.random.default_rng(0).permutation(36)[:23]
    values = prepared.spectrograms(rows).astype(np.float64).transpose(1, 0, 2).reshape(256, -1)
    mean, deviation = prepared.band_statistics(rows)
    np.testing.assert_allclose(mean, values.mean(axis=1), rtol=1e-6)
    np.testing.assert_allclose(deviation, values.std(axis=1, ddof=1), rtol=1e-6)
    again = prepared.band_statistics(rows[::-1])
    assert np.array_equal(mean, again[0])
    assert np.array_equal(deviation, again[1])
    with pytest.raises(DataError, match="0 clips"):
        prepared.band_statistics(rows[:0])


def test_a_set_without_waveforms_says_how_to_get_them(make: Make) -> None:
    with pytest.raises(DataError, match="--waveforms"):
        make().waveforms(np.array([0]))


def _read(prepared: PreparedSet, rows: np.ndarray, answers: Any) -> None:
    answers.put(prepared.spectrograms(rows).tobytes())


def test_forked_workers_read_the_same(prepared: PreparedSet) -> None:
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    rows = np.arange(36)[::-1]
    workers = [context.Process(target=_read, args=(prepared, rows, answers)) for _ in range(3)]
    for worker in workers:
        worker.start()
    expected = prepared.spectrograms(rows).tobytes()
    assert all(answers.get() == expected for _ in workers)
    for worker in workers:
        worker.join()


def test_pickling_sends_the_folder_not_the_data(prepared: PreparedSet) -> None:
    data = pickle.dumps(prepared)
    assert len(data) < 500
    again = pickle.loads(data)  # noqa: S301
    assert np.array_equal(again.spectrograms(np.arange(36)), prepared.spectrograms(np.arange(36)))


def test_open_takes_the_parent_of_exactly_one_set(prepared: PreparedSet, make: Make, tmp_path: Path) -> None:
    assert PreparedSet.open(prepared.folder.parent).folder == prepared.folder
    other = make(fit=True)
    with pytest.raises(DataError, match="several") as caught:
        PreparedSet.open(prepared.folder.parent)
    assert str(prepared.folder) in str(caught.value)
    assert str(other.folder) in str(caught.value)
    for nothing in (tmp_path, tmp_path / "absent"):
        with pytest.raises(DataError, match=r"python -m asc\.prepare"):
            PreparedSet.open(nothing)


@pytest.mark.parametrize("seconds", [0.0, -1.0, 0.05, float("nan"), float("inf")])
def test_impossible_lengths_are_named(seconds: float) -> None:
    with pytest.raises(ConfigError, match="seconds"):
        SetSettings(
            name="x", features=FeatureSettings(), seconds=seconds, fit=False, waveforms=False, reference_device="a"
        )


def _rewrite(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    value = json.loads(path.read_text())
    change(value)
    path.write_text(json.dumps(value))


def _replace(path: Path, array: np.ndarray) -> None:
    np.save(path, array, allow_pickle=True)


SHARD = "features-00001.npy"
ATTACKS: dict[str, Callable[[Path], object]] = {
    "manifest missing": lambda folder: (folder / "manifest.json").unlink(),
    "manifest empty": lambda folder: (folder / "manifest.json").write_text(""),
    "manifest not an object": lambda folder: (folder / "manifest.json").write_text("[1]"),
    "manifest without a field": lambda folder: _rewrite(folder / "manifest.json", lambda m: m.pop("shards")),
    "manifest edited": lambda folder: _rewrite(folder / "manifest.json", lambda m: m["settings"].update(fit=True)),
    "manifest of another schema": lambda folder: _rewrite(folder / "manifest.json", lambda m: m.update(schema=0)),
    "clips edited": lambda folder: (folder / "clips.csv").write_text(
        (folder / "clips.csv").read_text().replace("lyon", "lyom", 1)
    ),
    "clips missing": lambda folder: (folder / "clips.csv").unlink(),
    "split damaged": lambda folder: (folder / "split.json").write_text('{"rule": "none"}'),
    "shard missing": lambda folder: (folder / SHARD).unlink(),
    "shard extra": lambda folder: shutil.copy(folder / SHARD, folder / "features-00004.npy"),
    "waveforms missing": lambda folder: (folder / "waveforms-00003.npy").unlink(),
    "wrong shape": lambda folder: _replace(folder / SHARD, np.zeros((10, 9, 256), np.float16)),
    "fewer rows": lambda folder: _replace(folder / SHARD, np.zeros((9, 256, 9), np.float16)),
    "wrong dtype": lambda folder: _replace(folder / SHARD, np.zeros((10, 256, 9), np.int16)),
    "big endian": lambda folder: _replace(folder / SHARD, np.zeros((10, 256, 9), ">f2")),
    "Fortran order": lambda folder: _replace(folder / SHARD, np.zeros((10, 256, 9), np.float16, order="F")),
    "objects": lambda folder: _replace(folder / SHARD, np.full((10, 256, 9), None, object)),
    "no array at all": lambda folder: (folder / SHARD).write_bytes(b"PK\3\4" + bytes(50_000)),
    "longer than declared": lambda folder: (folder / SHARD).write_bytes((folder / SHARD).read_bytes() + b"\0"),
    "truncated": lambda folder: (folder / SHARD).write_bytes((folder / SHARD).read_bytes()[:-1]),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_damaged_sets_are_refused_and_mended(attack: str, prepared: PreparedSet, make: Make) -> None:
    before = tree(prepared.folder)
    ATTACKS[attack](prepared.folder)
    with pytest.raises(DataError) as caught:
        PreparedSet.open(prepared.folder)
    assert str(prepared.folder) in str(caught.value)
    if attack == "shard extra":  # what it is, only its owner knows
        (prepared.folder / "features-00004.npy").unlink()
    make(waveforms=True)
    assert tree(prepared.folder) == before


def test_verify_finds_every_flipped_byte(prepared: PreparedSet, root: Path, make: Make) -> None:
    assert verify(prepared, root, workers=2) == []
    before = tree(prepared.folder)
    recording = root / prepared.clips["clip"][3]
    original = recording.read_bytes()
    for path in (prepared.folder / "features-00002.npy", prepared.folder / "waveforms-00000.npy", recording):
        data = bytearray(path.read_bytes())
        data[-1000] ^= 1
        path.write_bytes(data)
    found = {problem.file for problem in verify(PreparedSet.open(prepared.folder), root, workers=1)}
    damaged = [prepared.folder / "features-00002.npy", prepared.folder / "waveforms-00000.npy"]
    assert found == set(map(str, [*damaged, recording]))
    recording.write_bytes(original)
    for path in damaged:
        path.unlink()
    make(waveforms=True)
    assert tree(prepared.folder) == before
    recording.unlink()
    assert [problem.file for problem in verify(prepared, root, workers=1)] == [str(recording)]


def test_opening_names_one_error_family(prepared: PreparedSet) -> None:
    (prepared.folder / "features-00000.npy").unlink()
    (prepared.folder / "features-00000.npy").mkdir()
    with pytest.raises(AscError):
        PreparedSet.open(prepared.folder)
