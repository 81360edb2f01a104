"""Band statistics: computed once, for every run on the same clips of the same set."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from asc.scenes.statistics import band_statistics, statistics_file
from data_prep.storage import PreparedSet


@pytest.fixture
def own(prepared: PreparedSet, tmp_path: Path) -> PreparedSet:
    shutil.copytree(prepared.folder, tmp_path / prepared.folder.name)
    return PreparedSet.open(tmp_path)


def test_they_are_computed_once(own: PreparedSet, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.array([5, 2, 11, 30])
    expected = own.band_statistics(rows)
    first = band_statistics(own, rows)
    assert PreparedSet.open(own.folder).identity == own.identity
    monkeypatch.setattr(PreparedSet, "band_statistics", lambda *_: pytest.fail("computed again"))
    for order in (rows, rows[::-1]):
        for one, other, wanted in zip(first, band_statistics(own, order), expected, strict=True):
            assert np.array_equal(one, wanted)
            assert np.array_equal(other, wanted)
            assert other.dtype == np.float32
    with pytest.raises(pytest.fail.Exception, match="computed again"):
        band_statistics(own, rows[:3])


@pytest.mark.parametrize("damage", ["", "cut", "other bands", "not a number"])
def test_what_is_damaged_is_computed_again(own: PreparedSet, damage: str) -> None:
    rows = np.arange(7)
    expected = np.stack(band_statistics(own, rows))
    file = statistics_file(own, rows)
    whole = file.read_bytes()
    file.write_bytes(whole[:-5] if damage == "cut" else b"")
    if damage == "other bands":
        np.save(file, np.zeros((2, 3), np.float32))
    elif damage == "not a number":
        np.save(file, np.full_like(expected, np.nan))
    assert np.array_equal(np.stack(band_statistics(own, rows)), expected)
    assert file.read_bytes() == whole


def test_a_set_that_cannot_be_written_to_has_statistics_too(own: PreparedSet, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("common.files.os.replace", refused)
    rows = np.arange(4)
    for one, other in zip(band_statistics(own, rows), own.band_statistics(rows), strict=True):
        assert np.array_equal(one, other)
    assert not statistics_file(own, rows).exists()
