"""A run begun in bfloat16 and asked for again on a machine without it."""

from dataclasses import replace
from pathlib import Path

import pytest

from asc.other_precision import tell_other_precision
from asc.run import Run
from asc.run_folder import RunFolder
from asc.train import main
from data_prep.storage import PreparedSet


def in_bfloat16(scene_run: Run) -> Run:
    return replace(scene_run, training=replace(scene_run.training, precision="bf16-mixed"))


def begin(scene_run: Run, runs: Path) -> RunFolder:
    folder = RunFolder.of(scene_run, runs)
    folder.write_description(scene_run)
    return folder


def test_the_other_run_and_what_continues_it_are_named(
    scene_run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tell_other_precision([scene_run], tmp_path)
    assert not capsys.readouterr().err
    folder = begin(in_bfloat16(scene_run), tmp_path)
    tell_other_precision([scene_run], tmp_path)
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"{folder.path} exists in the precision bf16-mixed" in said
    assert "--precision bf16-mixed" in said
    begin(scene_run, tmp_path)  # both are there: nothing begins anew
    tell_other_precision([scene_run], tmp_path)
    assert not capsys.readouterr().err


def test_of_many_runs_they_are_counted(scene_run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wanted = [replace(scene_run, seed=seed) for seed in range(3)]
    for run in wanted[:2]:
        begin(in_bfloat16(run), tmp_path)
    tell_other_precision(wanted, tmp_path)
    assert "2 of these runs exist in the precision bf16-mixed" in capsys.readouterr().err


@pytest.mark.trains
def test_the_command_tells_where_nobody_chose(
    prepared: PreparedSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small = ["--width", "2", "--epochs", "1", "--batch-size", "6", "--accelerator", "cpu"]
    options = ["--data", str(prepared.folder), "--runs", str(tmp_path), *small]
    assert main([*options, "--precision", "bf16-mixed"]) == 0
    folder = capsys.readouterr().out.splitlines()[-1]
    monkeypatch.setattr("torch.cpu.get_capabilities", dict)
    assert main(options) == 0
    captured = capsys.readouterr()
    assert f"{folder} exists" in captured.err
    assert captured.out.splitlines()[-1] != folder
    assert main([*options, "--precision", "bf16-mixed"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == folder
