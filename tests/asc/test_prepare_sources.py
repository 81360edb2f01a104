"""The prepare command on sets that it makes or fetches itself: the demo set, simulated devices, downloads."""

import http.server
import io
import subprocess
import sys
import threading
import zipfile
from functools import partial
from hashlib import md5
from pathlib import Path

import numpy as np
import pytest
import soundfile

from asc import prepare_dry_run as command
from asc.prepare import main
from data_prep import demo_set
from data_prep.remotes import RELEASES, Remote
from data_prep.storage import PreparedSet
from tests.tiny_sets import prepared, stamps, write_lists

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def short_demo(monkeypatch: pytest.MonkeyPatch) -> int:
    """Make the demo set two scenes in four cities; return how many clips that is."""
    takes = [
        take
        for take in demo_set.plan_demo()
        if take.scene in ("park", "tram") and take.stem.split("-")[1] in ("lisbon", "london", "lyon", "milan")
    ]
    for module in (demo_set, command):
        monkeypatch.setattr(module, "plan_demo", lambda: takes)
    return sum(len(take.devices) for take in takes)


def test_demo(short_demo: int, tmp_path: Path, capsys: Capture) -> None:
    arguments = ["--dataset", "demo", "--workers", "1", "--out", str(tmp_path), "--test-cities", "1"]
    assert main([*arguments, "--dry-run"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert not list(tmp_path.iterdir())
    assert main(arguments) == 0
    out = capsys.readouterr().out.splitlines()
    assert len(PreparedSet.open(tmp_path)) == short_demo
    assert out[:4] == told[:4]
    assert {path.name.rpartition("-")[0] for path in tmp_path.iterdir()} == {"demo", "recordings-demo"}
    before = stamps(tmp_path)
    assert main(arguments) == 0
    assert stamps(tmp_path) == before


def test_simulated(tmp_path: Path, capsys: Capture) -> None:
    rng = np.random.default_rng(0)
    for scene in ("birds", "cars"):
        for place in range(5):
            (tmp_path / "sounds" / scene).mkdir(parents=True, exist_ok=True)
            path = tmp_path / "sounds" / scene / f"{scene}{place}.wav"
            soundfile.write(path, rng.normal(0, 0.1, 44_100 // 4), 44_100)
    (tmp_path / "responses").mkdir()
    for number in range(2):
        decay = np.exp(-np.arange(400) / (20 + 10 * number))
        soundfile.write(tmp_path / f"responses/{number}.wav", decay * rng.normal(0, 0.3, 400), 44_100, subtype="PCM_24")
    arguments = [
        *("--dataset", "simulated", "--recordings", str(tmp_path / "sounds"), "--test-cities", "2"),
        *("--responses", str(tmp_path / "responses"), "--workers", "1", "--out", str(tmp_path / "out")),
    ]
    assert main([*arguments, "--dry-run"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert not (tmp_path / "out").exists()
    assert main(arguments) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[:3] == [
        "device b is 0.wav",
        "device c is 1.wav",
        "cities are made up and assigned to places",
    ]
    assert out[3:11] == told[:8]
    first = PreparedSet.open(tmp_path / "out")
    assert (len(first), first.name, first.seconds) == (30, "simulated", 0.25)
    assert dict(zip(first.clips["device"], first.clips["kind"], strict=True)) == {
        "a": "reference",
        "b": "simulated",
        "c": "simulated",
    }
    soundfile.write(tmp_path / "responses/1.wav", np.eye(1, 400)[0], 44_100, subtype="PCM_24")
    assert main(arguments) == 0
    assert len(list((tmp_path / "out").glob("recordings-simulated-*"))) == 2  # never a stale one


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def test_download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    rows = [
        (f"audio/{scene}-{city}-{1000 + number}-{number}-a.wav", scene, f"{city}-{1000 + number}", "a")
        for number, (scene, city) in enumerate((s, c) for s in ("bus", "tram") for c in ("lyon", "milan", "paris"))
    ]
    write_lists(tmp_path, rows)
    published, top = tmp_path / "published", RELEASES["tau2019"].folder
    published.mkdir()
    with zipfile.ZipFile(published / "meta.zip", "w") as archive:
        archive.write(tmp_path / "meta.csv", f"{top}/meta.csv")
    with zipfile.ZipFile(published / "audio.zip", "w") as archive:
        for seed, row in enumerate(rows):
            noise, audio = np.random.default_rng(seed).normal(0, 0.1, 9600), io.BytesIO()
            soundfile.write(audio, np.stack([noise, -noise / 2], axis=1), 48_000, format="WAV", subtype="PCM_24")
            archive.writestr(f"{top}/{row[0]}", audio.getvalue())
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=published)) as server:
        remotes = [
            Remote(
                name=name,
                url=f"http://127.0.0.1:{server.server_port}/{name}",
                md5=md5((published / name).read_bytes(), usedforsecurity=False).hexdigest(),
            )
            for name in ("meta.zip", "audio.zip")
        ]
        monkeypatch.setattr(type(RELEASES["tau2019"]), "remotes", remotes)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        arguments = [
            *("--dataset", "tau2019", "--root", str(tmp_path / "tau"), "--out", str(tmp_path / "out"), "--download"),
            *("--seconds", "0.2", "--workers", "1", "--test-cities", "1"),
        ]
        code = main(arguments)
        server.shutdown()
        thread.join()
    out, err = capsys.readouterr()
    assert code == 0, err
    assert "non-commercial" in err
    assert err.index("non-commercial") < err.index("meta.zip: ")
    assert len(PreparedSet.open(Path(out.splitlines()[-1]))) == 6


@pytest.mark.slow
def test_the_whole_demo_set(tmp_path: Path, capsys: Capture) -> None:
    assert main(["--dataset", "demo", "--out", str(tmp_path)]) == 0
    done = prepared(capsys)
    assert len(done.scenes) == 10
    assert set(done.clips["device"]) == {"a", "b", "c", *(f"s{number}" for number in range(1, 7))}
    assert 400 <= len(done) <= 600
    assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) <= 300e6


@pytest.mark.slow
def test_real_sounds_through_real_microphones(real_data: Path, tmp_path: Path, capsys: Capture) -> None:
    tool = [sys.executable, str(real_data / "tools/real_scenes.py"), str(tmp_path / "real"), "--per-class", "20"]
    subprocess.run(tool, check=True)
    arguments = ["--dataset", "folder", "--root", str(tmp_path / "real"), "--out", str(tmp_path), "--seconds", "5"]
    assert main(arguments) == 1
    assert "--fit" in capsys.readouterr().err
    assert main([*arguments, "--fit", "--waveforms", "--verify"]) == 0
    done = prepared(capsys)
    assert len(done) == 1800
    assert not done.clips["silent"].any()
    assert np.isfinite(done.spectrograms(np.arange(0, 1800, 7))).all()
