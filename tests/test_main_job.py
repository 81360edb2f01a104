"""The main job, as a user types it, on real sounds through real microphones: recordings in, per-device report out."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from asc import evaluate, prepare, train
from tests.conftest import TEST_PRECISION, TEST_SEED

UNSEEN = ["b", "c", "s1", "s2", "s3", "s4", "s5", "s6"]


def last_line(capsys: pytest.CaptureFixture[str]) -> Path:
    return Path(capsys.readouterr().out.splitlines()[-1])


def check_report(
    prepared: Path, folder: Path, size: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> dict[str, float]:
    """Train base and damped, evaluate both, and return the pooled accuracies by configuration and part."""
    how = ["--seed", str(TEST_SEED), "--precision", TEST_PRECISION]
    common = ["--data", str(prepared), "--preset", "demo", "--accelerator", "cpu", *how, *size]
    for network in ([], ["--weights", "damped", "--damped.edge", "0.1"]):
        assert train.main([*common, *network, "--runs", str(folder / "runs")]) == 0
        assert (last_line(capsys) / "result.json").is_file()
    assert evaluate.main([str(folder / "runs"), "--out", str(folder / "report")]) == 0
    report = last_line(capsys)
    assert (report / "report.html").stat().st_size > 100_000
    devices = pd.read_csv(report / "devices.csv")
    for _, rows in devices[devices["level"] == "device"].groupby("configuration"):
        assert rows["name"].tolist() == ["a", *UNSEEN]
        assert rows["clips"].min() > 0
    results = [
        json.loads(file.read_text()) for file in sorted((folder / "runs").glob(f"*/seed-{TEST_SEED}/result.json"))
    ]
    return {
        f"{part}-{i}": result[f"{part}_accuracy"] for i, result in enumerate(results) for part in ("seen", "unseen")
    }


def test_real_scenes(real_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    builder = real_data / "tools" / "real_scenes.py"
    subprocess.run([sys.executable, builder, tmp_path / "real", "--fraction", "0.1"], check=True, capture_output=True)
    options = ["--dataset", "folder", "--root", str(tmp_path / "real"), "--seconds", "5", "--fit"]
    assert prepare.main([*options, "--out", str(tmp_path / "prepared")]) == 0
    scores = check_report(last_line(capsys), tmp_path, ("--width", "16", "--epochs", "15"), capsys)
    assert min(scores.values()) > 0.3  # ten classes: chance is 0.1


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_real_scenes_at_full_size(real_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    builder = real_data / "tools" / "real_scenes.py"
    subprocess.run([sys.executable, builder, tmp_path / "real"], check=True, capture_output=True)
    options = ["--dataset", "folder", "--root", str(tmp_path / "real"), "--seconds", "5", "--fit"]
    assert prepare.main([*options, "--out", str(tmp_path / "prepared")]) == 0
    scores = check_report(last_line(capsys), tmp_path, ("--width", "32"), capsys)
    assert min(score for part, score in scores.items() if part.startswith("seen")) >= 0.75


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_simulated_devices_give_a_stranger_the_same(
    real_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sources = ["--recordings", str(real_data / "data" / "esc10"), "--responses", str(real_data / "data" / "micirp")]
    options = ["--dataset", "simulated", *sources, "--seconds", "5", "--fit", "--out", str(tmp_path / "prepared")]
    assert prepare.main(options) == 0
    scores = check_report(last_line(capsys), tmp_path, ("--width", "32"), capsys)
    assert min(score for part, score in scores.items() if part.startswith("seen")) >= 0.7
