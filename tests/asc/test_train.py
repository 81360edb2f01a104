"""The command line: as users type it, interrupted, killed, shared by processes."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from asc.run import SceneData
from asc.run_folder import RunFolder, find_runs
from asc.train import main
from data_prep.storage import PreparedSet
from tests.asc.conftest import same_weights
from tests.conftest import ROOT


def arguments(prepared: PreparedSet, runs: Path, *more: str) -> list[str]:
    small = ["--width", "4", "--epochs", "4", "--batch-size", "6", "--accelerator", "cpu"]
    return ["--data", str(prepared.folder), "--runs", str(runs), *small, *more]


def start(options: list[str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "asc.train", *options],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(options: list[str]) -> str:
    process = start(options)
    output, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors
    return output


def first_checkpoint(runs: Path, process: "subprocess.Popen[str]") -> Path:
    deadline = time.monotonic() + 120
    while not (found := list(runs.glob("*/seed-0/last.ckpt"))):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return found[0]


def test_results_on_standard_output_and_the_folder_alone_on_the_last_line(
    prepared: PreparedSet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments(prepared, tmp_path)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[:2]] == ["seen", "unseen"]
    folder = RunFolder(Path(lines[-1]))
    assert folder.done
    assert folder.path.parent.name.startswith("demo-base-w4-d1-k1-")
    described = folder.description()
    assert isinstance(described.data, SceneData)
    assert (described.data.split.test_cities, described.network.classes, described.seed) == (1, 3, 0)
    assert main(arguments(prepared, tmp_path)) == 0
    assert Path(capsys.readouterr().out.splitlines()[-1]) == folder.path


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (["--weights", "damped", "--damped.edge", "2"], "edge"),
        (["--batch-size", "1000"], "too few"),
        (["--train-devices", "q"], "q"),
        (["--test-cities", "9"], "test_cities"),
        (["--seed", "-1"], "seed"),
        (["--devices", "4"], "multiple of the 4"),
        (["--data", "nowhere"], "nowhere"),
        (["--accelerator", "cuda"], "accelerator"),
    ],
)
def test_what_cannot_be_is_a_named_error(
    prepared: PreparedSet,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    more: list[str],
    reason: str,
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert main(arguments(prepared, tmp_path / "runs", *more)) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith("error: ")
    assert reason in captured.err
    assert not captured.out
    assert not (tmp_path / "runs").exists()


def test_wrong_usage_is_exit_code_two(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["--width", "many"])
    assert stop.value.code == 2
    assert not capsys.readouterr().out


def test_paper_preset_asks_for_waveforms_that_a_set_lacks(
    prepared: PreparedSet, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    original = PreparedSet.open

    def without_waveforms(path: Path) -> PreparedSet:
        opened = original(path)
        opened.has_waveforms = False
        return opened

    monkeypatch.setattr(PreparedSet, "open", without_waveforms)
    assert main(arguments(prepared, tmp_path, "--preset", "paper")) == 1
    assert "python -m asc.prepare" in capsys.readouterr().err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_interrupted_says_so_and_continues(
    prepared: PreparedSet, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    long = arguments(prepared, tmp_path, "--epochs", "400")
    process = start(long)
    folder = RunFolder(first_checkpoint(tmp_path, process).parent)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == code
    assert "the same command continues" in errors.splitlines()[-1]
    assert "Traceback" not in errors
    assert not folder.done
    saved = torch.load(folder.checkpoint_file, weights_only=True)
    assert all(len(state["history"]) > 0 for state in saved.values())


def killed_as_uninterrupted(prepared: PreparedSet, tmp_path: Path, kills: int) -> None:
    options = ("--epochs", "40", "--workers", "1", "--weights", "damped")
    finished(arguments(prepared, tmp_path / "whole", *options))
    whole = find_runs([tmp_path / "whole"])[0]
    broken = RunFolder(tmp_path / "broken" / whole.path.relative_to(tmp_path / "whole"))
    delays = np.random.default_rng(0).uniform(0, 2, kills)
    for delay in delays:
        process = start(arguments(prepared, tmp_path / "broken", *options))
        first_checkpoint(tmp_path / "broken", process)
        with suppress(subprocess.TimeoutExpired):
            process.wait(delay)
        process.kill()
        process.communicate()
        if broken.done:
            break
    finished(arguments(prepared, tmp_path / "broken", *options))
    assert same_weights(whole, broken)
    assert pd.read_csv(broken.metrics_file)["epoch"].tolist() == list(range(40))
    assert not list(broken.path.glob(".*.tmp-*"))
    assert not broken.checkpoint_file.exists()


def test_a_killed_run_ends_in_the_same_weights(prepared: PreparedSet, tmp_path: Path) -> None:
    killed_as_uninterrupted(prepared, tmp_path, kills=1)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_twenty_kills_at_random_times(prepared: PreparedSet, tmp_path: Path) -> None:
    killed_as_uninterrupted(prepared, tmp_path, kills=20)


def test_two_processes_train_what_one_trains(prepared: PreparedSet, tmp_path: Path) -> None:
    same = ("--init", "kaiming", "--epochs", "2", "--learning-rate", "1e-3", "--precision", "32-true")
    folders = []
    # Each of two processes holds clips of its own: the first all, the second those it learns from.
    for devices, residency in (("1", "mapped"), ("2", "device")):
        output = finished(arguments(prepared, tmp_path, *same, "--devices", devices, "--residency", residency))
        folders.append(RunFolder(Path(output.splitlines()[-1])))
    one, two = (load_file(folder.weights_file) for folder in folders)
    for name, tensor in one.items():
        torch.testing.assert_close(two[name], tensor, rtol=1e-3, atol=1e-4, msg=name)
    losses = [pd.read_csv(folder.metrics_file)["train_loss"].to_numpy() for folder in folders]
    assert losses[0] == pytest.approx(losses[1], abs=1e-5)
    clips = [pd.read_parquet(folder.predictions_file(1))["clip"] for folder in folders]
    assert clips[0].is_unique
    assert clips[0].equals(clips[1])
