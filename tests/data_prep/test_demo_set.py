"""The demo set: its plan, its files, its bytes; and (slow) how hard it is."""

import hashlib
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from common.errors import DataError
from data_prep import demo_set
from data_prep.demo_set import demo_devices, make_demo, plan_demo
from data_prep.features import FeatureSettings, PerceptualMel
from data_prep.layouts import LAYOUTS
from data_prep.metadata import read_clips
from data_prep.recording import read_recording, resample
from data_prep.splits import SplitSettings, make_split

ROOT = Path(__file__).resolve().parents[2]
OTHERS = ("b", "c", "s1", "s2", "s3", "s4", "s5", "s6")
EVERY = 33  # for the quick tests, one recording in so many


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(autouse=True)
def few(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the demo set small, but for the slow tests."""
    if "slow" not in request.keywords:
        small = plan_demo()[::EVERY]
        monkeypatch.setattr(demo_set, "plan_demo", lambda: small)  # this file's own plan_demo stays whole


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("demo") / "set"
    with pytest.MonkeyPatch.context() as patch:
        small = plan_demo()[::EVERY]
        patch.setattr(demo_set, "plan_demo", lambda: small)
        make_demo(target, workers=1)
    return target


def test_the_plan_has_200_recordings_and_504_clips() -> None:
    clips = [(take, device) for take in plan_demo() for device in take.devices]
    assert Counter(device for _, device in clips) == {"a": 200} | dict.fromkeys(OTHERS, 38)
    places = Counter((take.scene, take.identifier.split("-")[0]) for take in plan_demo())
    assert len(places) == 100
    assert set(places.values()) == {2}
    assert len({take.identifier.split("-")[1] for take in plan_demo()}) == 200


def test_every_device_hears_every_test_pair_once_and_eight_training_scenes() -> None:
    scenes, cities = sorted(LAYOUTS["tau2020"].scenes or ()), sorted(LAYOUTS["tau2020"].cities or ())
    tested: Counter[tuple[str, str]] = Counter()
    trained: dict[str, list[str]] = {device: [] for device in OTHERS}
    for take in plan_demo():
        scene, city = take.scene, take.identifier.split("-")[0]
        held_out = (cities.index(city) - scenes.index(scene)) % 10 < 3
        for device in take.devices[1:]:
            if held_out:
                tested[device, f"{scene} {city}"] += 1
            else:
                trained[device].append(scene)
    assert len(tested) == 240
    assert set(tested.values()) == {1}
    for heard in trained.values():
        assert len(heard) == len(set(heard)) == 8


def test_it_is_a_data_set_in_the_layout_of_tau_2020(made: Path) -> None:
    clips, problems, warnings = read_clips(made, LAYOUTS["tau2020"])
    assert not problems
    assert not warnings
    assert set(clips["device"]) > {"a", "b", "s6"}
    assert len(clips) == sum(len(take.devices) for take in plan_demo()[::EVERY])
    assert (clips.groupby("recording")["device"].apply(list).str[0] == "a").all()


def test_clips_are_whole_loud_enough_and_not_clipped(made: Path) -> None:
    for file in (made / "audio").iterdir():
        samples, rate = soundfile.read(file)
        info = soundfile.info(file)
        assert (rate, samples.shape, info.subtype, info.format) == (44_100, (220_500,), "PCM_16", "WAV")
        assert np.abs(samples).max() < 0.9905
        assert np.sqrt(np.mean(samples**2)) > 0.002
        assert np.abs(samples).max() > 100 / 32768


def test_other_devices_hear_the_same_moment(made: Path) -> None:
    """Compared in short-time level, as compression and colour leave little else alike."""

    def envelope(file: Path) -> np.ndarray:
        level: np.ndarray = np.log(np.mean(read_recording(file).samples.reshape(100, -1) ** 2, axis=1))
        return level

    clips, _, _ = read_clips(made, LAYOUTS["tau2020"])
    alike, unlike = [], []
    for recording, group in clips.groupby("recording"):
        reference = envelope(made / f"audio/{recording}-a.wav")
        for clip in group["clip"][1:]:
            other = envelope(made / clip)
            alike.append(np.corrcoef(reference, other)[0, 1])
            unlike.append(np.corrcoef(reference, other[::-1])[0, 1])
    assert np.median(alike) > 0.6
    assert np.median(alike) > np.median(unlike) + 0.3


def test_two_workers_write_the_same_bytes(made: Path, tmp_path: Path) -> None:
    make_demo(tmp_path / "again", workers=2)
    assert digests(tmp_path / "again") == digests(made)


def test_killed_and_made_again_it_is_the_same_and_nothing_is_made_twice(made: Path, tmp_path: Path) -> None:
    target = tmp_path / "killed"
    code = f"from data_prep.demo_set import make_demo; from pathlib import Path; make_demo(Path({str(target)!r}), 1)"
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.DEVNULL)
    wanted = target / plan_demo()[0].clip("a")
    while not wanted.exists() and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert wanted.exists()
    assert not (target / "meta.csv").exists()
    before = {path.name: path.stat().st_mtime_ns for path in (target / "audio").glob("*.wav")}
    for path in (target / "audio").glob("*.wav"):
        if path.name not in digests(made / "audio"):
            path.unlink()  # the killed process was making the whole set
    make_demo(target, workers=1)
    assert digests(target) == digests(made)
    kept = {path.name: path.stat().st_mtime_ns for path in (target / "audio").glob("*.wav")}
    assert all(kept[name] == moment for name, moment in before.items() if name in kept)


def test_a_finished_set_is_left_alone(made: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in made.rglob("*")}
    make_demo(made, workers=2)
    assert {path: path.stat().st_mtime_ns for path in made.rglob("*")} == before


def test_leftovers_of_a_dead_writer_are_removed(made: Path) -> None:
    dead = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    host = re.sub("[^A-Za-z0-9]", "-", os.uname().nodename)
    leftover = made / "audio" / f".x.wav.tmp-{host}-{int(dead.stdout)}-01234567"
    leftover.write_bytes(b"half")
    make_demo(made, workers=1)
    assert not leftover.exists()


def test_somebody_else_s_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(DataError, match="not made here"):
        make_demo(tmp_path, workers=1)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_set_of_another_version_is_refused(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_set, "demo_origin", lambda: {"code": "older"})
    with pytest.raises(DataError, match="another version"):
        make_demo(made, workers=1)


def test_all_devices_differ() -> None:
    responses = [device.response for device in demo_devices().values()]
    assert tuple(demo_devices()) == OTHERS
    for i, one in enumerate(responses):
        for other in responses[:i]:
            assert np.abs(np.fft.rfft(one) - np.fft.rfft(other)).max() > 0.5


@pytest.mark.slow
def test_the_whole_set_is_hard_but_not_too_hard(tmp_path: Path) -> None:
    """A linear classifier on band means and deviations: far above chance, below the ceiling, worse on other devices."""
    make_demo(tmp_path, workers=2)
    assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) < 230e6
    clips, problems, _ = read_clips(tmp_path, LAYOUTS["tau2020"])
    assert not problems
    part = make_split(clips, SplitSettings())
    counts = clips[part == "test"].groupby("device").size()
    assert counts.to_dict() == {"a": 60} | dict.fromkeys(OTHERS, 30)
    features = PerceptualMel(FeatureSettings())
    table = np.stack([_band_statistics(features, tmp_path / clip) for clip in clips["clip"]])
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.05, max_iter=2000))
    model.fit(table[part == "train"], clips["scene"][part == "train"])
    correct = model.predict(table) == clips["scene"]
    seen = correct[(part == "test") & (clips["device"] == "a")].mean()
    unseen = correct[(part == "test") & (clips["device"] != "a")].mean()
    assert 0.5 < seen < 0.95
    assert 0.2 < unseen < seen - 0.1


def _band_statistics(features: PerceptualMel, file: Path) -> np.ndarray:
    recording = read_recording(file)
    bands = features(torch.from_numpy(resample(recording.samples, recording.rate))[None])[0].reshape(64, 4, -1).mean(1)
    return torch.cat([bands.mean(1), bands.std(1)]).numpy()
