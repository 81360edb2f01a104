"""Finding runs by any of the paths that users give."""

from dataclasses import replace
from pathlib import Path

import pytest

from asc.run import Run
from asc.run_folder import RunFolder, find_runs
from asc.train import main
from common.errors import RunError
from data_prep.storage import PreparedSet


@pytest.fixture
def runs(scene_run: Run, tmp_path: Path) -> list[RunFolder]:
    folders = []
    for seed in (0, 2, 10):
        described = replace(scene_run, seed=seed)
        folders.append(RunFolder.of(described, tmp_path))
        folders[-1].write_description(described)
    return folders


def test_a_run_a_configuration_or_a_folder_of_them(runs: list[RunFolder], tmp_path: Path) -> None:
    assert find_runs([runs[1].path]) == [runs[1]]
    assert find_runs([runs[0].path.parent]) == runs
    assert find_runs([tmp_path]) == runs
    assert find_runs([runs[2].path, tmp_path]) == [runs[2], runs[0], runs[1]]


def test_no_run_is_an_error_that_names_the_path(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="nothing-here"):
        find_runs([tmp_path / "nothing-here"])


def test_a_damaged_description_is_named(runs: list[RunFolder]) -> None:
    runs[0].description_file.write_text("{")
    with pytest.raises(RunError, match=r"description\.json"):
        runs[0].description()


def test_the_lock_is_freed(runs: list[RunFolder]) -> None:
    for _ in range(2):
        with runs[0].locked(), pytest.raises(RunError, match="another process"), runs[0].locked():
            pass


def test_a_place_for_runs_that_cannot_be_written_is_one_sentence(
    prepared: PreparedSet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").write_text("a file")
    small = ["--width", "2", "--epochs", "1", "--batch-size", "6", "--accelerator", "cpu"]
    assert main(["--data", str(prepared.folder), "--runs", str(tmp_path / "taken"), *small]) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith(f"error: cannot lock {tmp_path / 'taken'}")
    assert "Not a directory" in said
