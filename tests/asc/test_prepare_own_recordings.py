"""Own recordings as people have them, by the command line: class folders, one city, copies, what is left out."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from asc import evaluate, train
from asc.prepare import main
from tests.tiny_sets import prepared, read_lists, write_lists, write_tiny_set

Capture = pytest.CaptureFixture[str]
RATE = 22_050


def record(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).normal(0, 0.1, RATE).clip(-1, 1)
    soundfile.write(path, noise, RATE, subtype="PCM_16")


def arguments(root: Path, *more: str) -> list[str]:
    return ["--root", str(root), "--workers", "1", "--out", str(root.parent / "prepared"), *more]


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """Return a folder of four classes with five recordings by each of two devices."""
    root = tmp_path / "mine"
    for seed in range(40):
        scene, device, take = ("bus", "park", "street", "tram")[seed % 4], ("phone", "zoom")[seed // 20], seed % 20 // 4
        record(root / scene / device / f"{take:04d}.wav", seed)
    return root


@pytest.mark.trains
def test_class_folders_to_a_report_without_a_list(folders: Path, capsys: Capture) -> None:
    (folders / "bus" / "voice memo.m4a").touch()
    options = ("--device", "folder", "--reference-device", "zoom", "--test-cities", "2")
    assert main(arguments(folders, *options)) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0] == "40 clips of 1 s: 4 scenes, 5 cities, 20 locations, 2 devices; split unseen-city"
    cities = "barcelona, helsinki, lisbon, london, lyon"
    how = "made up and assigned to places; recordings of one place share a file name"
    assert f"cities ({how}): {cities}" in lines
    assert "1 audio files are not used: they are above the folders that are read: 'bus/voice memo.m4a'" in err
    common = ["--preset", "demo", "--width", "4", "--epochs", "1", "--batch-size", "6", "--accelerator", "cpu"]
    runs = folders.parent / "runs"
    assert train.main(["--data", lines[-1], *common, "--runs", str(runs)]) == 0
    assert evaluate.main([str(runs), "--out", str(folders.parent / "report"), "--replicates", "200"]) == 0
    devices = pd.read_csv(folders.parent / "report" / "devices.csv")
    assert devices.loc[devices["level"] == "device", "name"].tolist() == ["zoom", "phone"]


def test_a_list_is_begun_and_used(folders: Path, capsys: Capture) -> None:
    assert main(["--init-meta", str(folders), "--city", "oslo"]) == 0
    places = [f"oslo-{scene}_{take:04d}" for scene in ("bus", "park", "street", "tram") for take in range(5)]
    out = capsys.readouterr().out.splitlines()
    assert out == [
        "scene_label: 0 to be filled in; 4 found: bus, park, street, tram",
        f"identifier: 0 to be filled in; 20 found: {', '.join(places)}",
        "source_label: 0 to be filled in; 2 found: phone, zoom",
        str(folders / "meta.csv"),
    ]
    assert main(arguments(folders, "--reference-device", "zoom")) == 1
    assert "to split a set of one city, write evaluation_setup" in capsys.readouterr().err


@pytest.mark.trains
def test_one_city_is_split_by_own_lists_to_a_report(folders: Path, capsys: Capture) -> None:
    (folders / "evaluation_setup").mkdir()
    clips = sorted(path.relative_to(folders).as_posix() for path in folders.rglob("*.wav"))
    for fold, takes in (("train", "012"), ("evaluate", "34")):
        names = [clip for clip in clips if clip[-5] in takes]
        (folders / f"evaluation_setup/fold1_{fold}.csv").write_text("\n".join(["filename", *names]) + "\n")
    options = ("--device", "folder", "--city", "oslo", "--reference-device", "zoom", "--split", "official")
    assert main(arguments(folders, *options)) == 0
    out = capsys.readouterr().out.splitlines()
    assert "cities (--city): oslo" in out
    table = [line.split() for line in out]
    assert ["train", "zoom", "3", "3", "3", "3", "12"] in table
    assert ["test", "phone", "2", "2", "2", "2", "8"] in table
    common = ["--preset", "demo", "--width", "4", "--epochs", "1", "--batch-size", "6", "--accelerator", "cpu"]
    runs = folders.parent / "runs"
    assert train.main(["--data", out[-1], *common, "--runs", str(runs)]) == 0
    assert evaluate.main([str(runs), "--out", str(folders.parent / "report"), "--replicates", "200"]) == 0
    result = json.loads(next(runs.glob("*/seed-0/result.json")).read_text())
    assert result["unseen_accuracy"] is not None


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_tiny_set(tmp_path / "recordings", seconds=1.0)
    return tmp_path / "recordings"


def copy(root: Path, source: str, target: str) -> None:
    (root / target).write_bytes((root / source).read_bytes())


def test_the_same_recording_twice(root: Path, capsys: Capture) -> None:
    names = [row[0] for row in read_lists(root)]  # bus: 0 lisbon, 3 lyon, 6 oslo, 9 paris on device a; then park
    copy(root, names[3], names[6])
    assert main(arguments(root, "--test-cities", "3")) == 0
    out, err = capsys.readouterr()
    assert f"warning: 1 recordings occur more than once, in files that are identical: {names[3]} = {names[6]}" in err
    common = ["--preset", "demo", "--width", "4", "--epochs", "1", "--batch-size", "2", "--accelerator", "cpu"]
    split = ["--test-cities", "2", "--runs", str(root.parent / "runs")]
    assert train.main(["--data", out.splitlines()[-1], *common, *split]) == 1
    assert f"{names[3]} (test) = {names[6]} (train)" in capsys.readouterr().err
    copy(root, names[3], names[15])
    assert main([*arguments(root, "--test-cities", "3"), "--out", str(root.parent / "other")]) == 1
    assert f"{names[3]} (bus) = {names[6]} (bus) = {names[15]} (park)" in capsys.readouterr().err


def test_skipping_says_what_vanishes(root: Path, capsys: Capture) -> None:
    for clip, _, _, device in read_lists(root):
        if device == "s1":
            (root / clip).write_bytes(b"RIFF")
    assert main(arguments(root, "--on-error", "skip")) == 0
    out, err = capsys.readouterr()
    assert "warning: 1 devices are left without any clip: 's1'" in err
    count = sum(row[3] == "s1" for row in read_lists(root))
    assert f"left out because of {count} problems: see the warning, or manifest.json" in out.splitlines()


@pytest.mark.trains
def test_a_device_tested_on_fewer_scenes_is_named(root: Path, capsys: Capture) -> None:
    write_lists(root, [row for row in read_lists(root) if row[1] != "tram" or row[3] != "s1"])
    assert main(arguments(root)) == 0
    out, err = capsys.readouterr()
    said = "warning: device s1 has no test clip of tram: its accuracy is over fewer scenes than the others'"
    assert said in err
    assert "cities (the identifier up to its last hyphen): lisbon, lyon, oslo, paris" in out
    common = ["--preset", "demo", "--width", "4", "--epochs", "1", "--batch-size", "2", "--accelerator", "cpu"]
    assert train.main(["--data", out.splitlines()[-1], *common, "--runs", str(root.parent / "runs")]) == 0
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (["--city", "town"], "city = 'town' is not allowed: first-hyphen, last-hyphen, or a column of meta.csv"),
        (["--dataset", "tau2020", "--city", "x"], "the lists of tau2020 define the cities"),
        (["--dataset", "tau2020", "--device", "x"], "the lists of tau2020 define the devices"),
        (["--init-meta", "absent"], "absent holds no audio files"),
    ],
)
def test_what_the_user_can_get_wrong(root: Path, change: list[str], message: str, capsys: Capture) -> None:
    assert main(arguments(root, *change)) == 1
    assert message in capsys.readouterr().err


def test_spreadsheets_and_links_make_the_same_set(root: Path, tmp_path: Path, capsys: Capture) -> None:
    assert main(arguments(root)) == 0
    first = prepared(capsys)
    frame = pd.read_csv(root / "meta.csv", sep="\t")[["source_label", "identifier", "scene_label", "filename"]]
    frame.assign(note="x").to_csv(root / "meta.csv", sep=";", index=False, encoding="utf-16", quoting=1)
    (root / "audio").rename(tmp_path / "cache")
    (root / "audio").symlink_to(tmp_path / "cache")
    assert main(arguments(root)) == 1
    assert "--follow-links" in capsys.readouterr().err
    assert main(arguments(root, "--follow-links")) == 0
    assert prepared(capsys).identity == first.identity


def test_cities_of_a_list_that_is_played_to_responses(root: Path, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "responses").mkdir()
    soundfile.write(tmp_path / "responses/horn.wav", np.exp(-np.arange(400) / 9.0), RATE)
    made = ["--dataset", "simulated", "--recordings", str(root), "--responses", str(tmp_path / "responses")]
    assert main([*made, "--city", "first-hyphen", "--out", str(tmp_path / "out"), "--workers", "1"]) == 0
    out = capsys.readouterr().out
    assert "cities (the identifier up to its first hyphen): lisbon, lyon, oslo, paris" in out
