"""The command line `python -m asc.evaluate`, from run folders to the report."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from asc.evaluate import main
from tests.evaluation.fake_runs import fake_clips, write_run

CLIPS = fake_clips(scenes=("bus", "park", "=tram"), locations=2, recordings=1)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    for seed in (0, 1):
        write_run(folder, "demo-base-w32", seed, CLIPS)
        write_run(folder, "demo-damped-w32", seed, CLIPS, damping=0.1, weakness=0.5)
    return folder


def test_the_table_is_printed_and_the_folder_is_the_last_line(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "new" / "report"
    assert main([str(runs), "--out", str(report), "--replicates", "200", "--title", "Two nets"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[-1] == str(report)
    for text in (
        "Accuracy by device",
        "unseen, simulated",
        "Difference: damped minus base",
        "DCASE 2022 to 2025",
        "s6",
    ):
        assert text in out
    assert out.isascii()
    assert "<h1>Two nets</h1>" in (report / "report.html").read_text(encoding="utf-8")
    assert list(pd.read_csv(report / "headline.csv").seeds) == [2, 2]


def test_bytes_do_not_depend_on_locale_hash_seed_time_zone_or_matplotlib_settings(runs: Path, tmp_path: Path) -> None:
    (tmp_path / "matplotlibrc").write_text("font.size: 22\nsvg.hashsalt: none\naxes.formatter.use_locale: True\n")
    settings = [
        {"PYTHONHASHSEED": "1", "LC_ALL": "C", "TZ": "UTC"},
        {
            "PYTHONHASHSEED": "2",
            "LC_ALL": "C.UTF-8",
            "TZ": "Asia/Tokyo",
            "MATPLOTLIBRC": str(tmp_path / "matplotlibrc"),
        },
    ]
    contents = []
    for number, setting in enumerate(settings):
        report = tmp_path / str(number)
        command = [sys.executable, "-m", "asc.evaluate", str(runs), "--out", str(report), "--replicates", "200"]
        subprocess.run(command, check=True, env=os.environ | setting, capture_output=True)
        contents.append({path.relative_to(report): path.read_bytes() for path in report.rglob("*.*")})
    assert contents[0] == contents[1]
    assert len(contents[0]) > 15


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["{runs}/absent", "--out", "{out}"], 1, "has no run"),
        (["{runs}", "--out", "{out}", "--replicates", "3"], 1, "replicates = 3 is not allowed"),
        (["{runs}", "--out", "{out}/file"], 1, "is not allowed: a folder"),
        (["{runs}", "--out", "{out}/blocked"], 1, "cannot write"),
        (["--out", "{out}"], 2, "RUN"),
        (["{runs}"], 2, "--out"),
    ],
)
def test_exit_codes(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, said: str
) -> None:
    (tmp_path / "file").write_text("not a folder")
    (tmp_path / "blocked" / "devices.csv").mkdir(parents=True)
    filled = [argument.format(runs=runs, out=tmp_path) for argument in arguments]
    try:
        found = main(filled)
    except SystemExit as stop:
        found = int(stop.code or 0)
    assert found == code
    caught = capsys.readouterr()
    assert said in caught.err + caught.out
    assert not list(tmp_path.rglob("report.*"))
