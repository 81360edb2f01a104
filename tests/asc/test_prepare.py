"""The prepare command as users run it: streams, exit codes, lists and recordings of the user's own."""

import dataclasses
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from asc.prepare import main
from asc.prepare_options import PrepareOptions
from data_prep.layouts import LAYOUTS
from data_prep.planning import plan_set
from data_prep.storage import PreparedSet
from tests.conftest import ROOT
from tests.tiny_sets import prepared, read_lists, tree, write_lists, write_tiny_set

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_tiny_set(tmp_path / "recordings")
    return tmp_path / "recordings"


@pytest.fixture
def arguments(root: Path, tmp_path: Path) -> list[str]:
    return ["--dataset", "folder", "--root", str(root), "--workers", "1", "--out", str(tmp_path / "out")]


def test_results_go_to_stdout_and_the_rest_to_stderr(arguments: list[str], tmp_path: Path, capsys: Capture) -> None:
    assert main(arguments) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert Path(lines[-1]).parent == tmp_path / "out"
    assert lines[0] == "36 clips of 0.2 s: 3 scenes, 4 cities, 4 locations, 3 devices; split unseen-city"
    table = [line.split() for line in lines]
    assert ["train", "a", "1", "1", "1", "3"] in table
    assert ["test", "a", "3", "3", "3", "9"] in table
    assert ["s1", "3", "3", "3", "9"] in table
    assert "preparing: 36/36 clips" in err
    assert "clips/s" in err
    assert "left" in err
    assert main(arguments) == 0
    assert capsys.readouterr().out == out


def test_as_a_module(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "asc.prepare", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert len(PreparedSet.open(Path(done.stdout.splitlines()[-1]))) == 36


def test_the_options_are_these() -> None:
    names = {field.name for field in dataclasses.fields(PrepareOptions)}
    assert names == {
        *("dataset", "out", "root", "split", "test_cities", "train_devices", "reference_device", "seconds", "fit"),
        *("channel", "high_pass", "sample_rate", "mels", "report", "strict", "lenient", "lossy"),
        *("waveforms", "workers", "on_error", "download", "verify", "dry_run", "recordings", "responses"),
        *("city", "device", "follow_links", "init_meta"),
    }


@pytest.mark.parametrize("wrong", [["--dataset", "tau2016"], ["--out"], ["--split", "none"], ["--nonsense"]])
def test_usage_is_exit_code_2(arguments: list[str], wrong: list[str], capsys: Capture) -> None:
    with pytest.raises(SystemExit) as caught:
        main([*arguments, *wrong])
    assert caught.value.code == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (["--dataset", "tau2020", "--download", "--seconds", "-1"], "seconds = -1.0 is not allowed"),
        (["--download"], "download = True is not allowed: only tau2019, tau2020, tau2022"),
        (["--recordings", "x"], "recordings"),
        (["--dataset", "simulated"], "root"),
        (["--dataset", "demo"], "root"),
        (["--workers", "-1"], "workers = -1"),
        (["--root", "absent"], "meta.csv"),
        (["--test-cities", "9"], "test_cities = 9 is not allowed: less than the number of cities, which is 4"),
        (["--train-devices", "a", "q"], "train_devices = 'q' is not allowed"),
        (["--reference-device", "q"], "reference_device = 'q' is not allowed"),
        (["--split", "official"], "evaluation_setup/fold1_train.csv"),
        (["--seconds", "3"], "--fit"),
        (["--channel", "middle"], "channel = 'middle' is not allowed: mean, left, right, loudest"),
        (["--channel", "2"], "has 1 channel, and no channel 2"),
        (["--high-pass", "11025"], "high_pass = 11025.0 is not allowed: above 0 and below half the sample rate"),
        (["--dataset", "tau2020"], "36 problems in the data set"),
    ],
)
def test_what_the_user_can_cause_is_one_named_error(
    arguments: list[str], change: list[str], message: str, tmp_path: Path, capsys: Capture
) -> None:
    assert main([*arguments, *change]) == 1
    out, err = capsys.readouterr()
    assert message in err
    assert "Traceback" not in err
    assert not out
    assert not list(tmp_path.glob("out/*/manifest.json"))


def test_simulated_needs_both_folders(capsys: Capture) -> None:
    assert main(["--dataset", "simulated", "--recordings", "x", "--out", "y"]) == 1
    assert "responses" in capsys.readouterr().err


def test_split_devices_and_reference(arguments: list[str], capsys: Capture) -> None:
    assert main([*arguments, "--test-cities", "1", "--train-devices", "a", "b"]) == 0
    assert prepared(capsys).split_defaults.train_devices == ("a", "b")
    assert main([*arguments, "--reference-device", "b"]) == 0
    other = prepared(capsys)
    assert other.reference_device == "b"
    assert other.split_defaults.train_devices == ("b",)


def test_the_official_split(arguments: list[str], root: Path, capsys: Capture) -> None:
    (root / "evaluation_setup").mkdir()
    for fold, cities in (("train", ("lisbon", "lyon")), ("evaluate", ("oslo",))):
        rows = [f"{clip}\t{scene}\n" for clip, scene, place, _ in read_lists(root) if place.split("-")[0] in cities]
        (root / f"evaluation_setup/fold1_{fold}.csv").write_text("filename\tscene_label\n" + "".join(rows))
    assert main([*arguments, "--split", "official", "--train-devices", "all"]) == 0
    table = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["train", "a", "2", "2", "2", "6"] in table
    assert ["test", "a", "1", "1", "1", "3"] in table
    assert ["unused", "a", "1", "1", "1", "3"] in table


@pytest.mark.parametrize("with_audio", [True, False])
def test_dry_run_reads_only_lists(
    arguments: list[str], root: Path, tmp_path: Path, capsys: Capture, with_audio: bool
) -> None:
    if not with_audio:
        shutil.rmtree(root / "audio")
    assert main([*arguments, "--dry-run", "--waveforms"]) == 0
    out, err = capsys.readouterr()
    seconds = 0.2 if with_audio else 10
    assert f"36 clips of {seconds:g} s" in out
    assert ("10 s are assumed" in err) == (not with_audio)
    assert ["train", "a", "1", "1", "1", "3"] in [line.split() for line in out.splitlines()]
    features, waveforms = (36 * 256 * 431 * 2 / 1e9, 36 * 220_500 * 2 / 1e9) if not with_audio else (0, 0)
    assert f"disk: {features:.2f} GB of features, {waveforms:.2f} GB of waveforms" in out
    assert re.search(r"time: about \d+:\d\d:\d\d", out)
    assert ("10 of the recordings" if with_audio else "noise at 44.1 kHz, 24 bit") in out
    assert not (tmp_path / "out").exists()


def test_dry_run_lists_what_is_wrong_with_the_lists(arguments: list[str], root: Path, capsys: Capture) -> None:
    write_lists(root, [*read_lists(root), ["audio/x.wav", "", "lyon-1", "a"]])
    assert main([*arguments, "--dry-run"]) == 1
    out, err = capsys.readouterr()
    assert "36 clips" in out
    assert "meta.csv:38" in err


def test_skipping_is_said_and_stopping_reports(arguments: list[str], root: Path, capsys: Capture) -> None:
    clip = read_lists(root)[7][0]
    (root / clip).write_bytes(b"RIFF")
    assert main([*arguments, "--on-error", "skip"]) == 0
    out, err = capsys.readouterr()
    assert "35 clips" in out
    assert clip in err
    assert main(arguments) == 1
    out, err = capsys.readouterr()
    assert not out
    assert f"1 problem in the data set:\n  {clip}: " in err


def test_silence_and_other_lengths_are_said(arguments: list[str], root: Path, capsys: Capture) -> None:
    clips = [row[0] for row in read_lists(root)]
    soundfile.write(root / clips[0], np.zeros(4410), 22_050)
    soundfile.write(root / clips[1], np.ones(9000) / 2, 22_050)
    assert main([*arguments, "--fit"]) == 0
    out, err = capsys.readouterr()
    assert f"warning: 1 clips hold nothing but zeros: {clips[0]}" in err
    assert "1 of other lengths: cropped" in out


def test_verify_reports_and_does_not_mend(arguments: list[str], root: Path, capsys: Capture) -> None:
    assert main([*arguments, "--verify"]) == 0
    assert "verifying: 37/37 files" in capsys.readouterr().err
    folder = PreparedSet.open(Path(arguments[-1])).folder
    before = tree(folder)
    shard, recording = folder / "features-00000.npy", root / read_lists(root)[3][0]
    for path in (shard, recording):
        data = bytearray(path.read_bytes())
        data[-9] ^= 64
        path.write_bytes(data)
    assert main([*arguments, "--verify"]) == 1
    out, err = capsys.readouterr()
    assert str(shard) in err
    assert str(recording) in err
    assert not out
    shard.unlink()
    assert main([*arguments, "--verify"]) == 1
    assert not shard.exists()
    assert "prepare the set again" in capsys.readouterr().err
    recording.write_bytes(recording.read_bytes()[:-9] + bytes([recording.read_bytes()[-9] ^ 64]) + data[-8:])
    assert main(arguments) == 0
    assert tree(folder) == before


def test_the_api_and_the_command_name_the_same_folder(arguments: list[str], root: Path, tmp_path: Path) -> None:
    assert main(arguments) == 0
    assert plan_set(root, LAYOUTS["folder"], tmp_path / "out").folder == PreparedSet.open(tmp_path / "out").folder
