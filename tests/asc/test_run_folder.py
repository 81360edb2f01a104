"""Finding runs by any of the paths that users give."""

from dataclasses import replace
from pathlib import Path

import pytest

from asc.description import RunDescription
from asc.run_folder import RunFolder, find_runs
from common.errors import RunError


@pytest.fixture
def runs(description: RunDescription, tmp_path: Path) -> list[RunFolder]:
    folders = []
    for seed in (0, 2, 10):
        described = replace(description, seed=seed)
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
