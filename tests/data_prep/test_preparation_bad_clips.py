"""Preparing where recordings or lists are bad: what is looked at, said, published and mended."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from common.errors import DataError
from data_prep import shards
from data_prep.problems import Problems
from data_prep.storage import PreparedSet
from tests.data_prep.conftest import Make
from tests.tiny_sets import read_lists, stamps, tree, write_lists


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5])


def damage(root: Path) -> list[str]:
    """Damage four recordings in three of the four shards, each in its way; return their names."""
    clips = [row[0] for row in read_lists(root)]
    bad = [clips[0], clips[11], clips[12], clips[35]]
    truncate(root / bad[0])
    (root / bad[1]).write_bytes(b"RIFF")
    soundfile.write(root / bad[2], np.full(4410, np.nan, np.float32), 22_050, subtype="FLOAT")
    soundfile.write(root / bad[3], np.ones(5000), 22_050)
    return bad


@pytest.mark.parametrize("workers", [1, 2])
def test_stop_looks_at_everything_and_publishes_nothing(make: Make, root: Path, tmp_path: Path, workers: int) -> None:
    bad = damage(root)
    with pytest.raises(Problems) as caught:
        make(workers=workers)
    assert [problem.file for problem in caught.value.problems] == sorted(bad)
    assert all(name in str(caught.value) for name in bad)
    assert "--fit" in str(caught.value)
    present = {path.name for path in (tmp_path / "prepared").rglob("*") if path.is_file()}
    assert present == {"features-00002.npy", "00002.json"}  # the one shard without a fault is kept


def test_skip_goes_on_without_them_and_says_so(make: Make, root: Path) -> None:
    bad = damage(root)
    prepared = make(on_error="skip", waveforms=True)
    assert [problem.file for problem in prepared.manifest.skipped] == sorted(bad)
    assert len(prepared) == 32
    assert not set(bad) & set(prepared.clips["clip"])
    assert prepared.folder.name != f"folder-{prepared.identity[:12]}"
    clean = make(root.parent / "clean", on_error="skip", waveforms=True)
    for row in (0, 9, 10, 31):
        samples, _ = soundfile.read(root / prepared.clips["clip"][row], dtype="float32")
        integers, scale = prepared.waveforms(np.array([row]))
        assert np.abs(integers[0] * scale[0] - samples).max() <= 0.51 * scale[0]
    assert tree(clean.folder) == tree(prepared.folder)


def test_skipped_clips_are_reported_by_stop_and_mended_when_repaired(make: Make, root: Path) -> None:
    clip = root / read_lists(root)[20][0]
    original = clip.read_bytes()
    expected = tree(make().folder)
    clip.write_bytes(original[:40] + b"\xff" + original[41:])  # the size in the header, not the file's
    folder = make(root.parent / "other", on_error="skip").folder
    skipped = PreparedSet.open(folder).identity
    before = stamps(folder)
    make(root.parent / "other", on_error="skip")
    with pytest.raises(Problems, match=clip.name):
        make(root.parent / "other")
    assert stamps(folder) == before
    assert PreparedSet.open(folder).identity == skipped
    clip.write_bytes(original)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shards, "write_text", lambda *_: pytest.fail("stopped between the arrays and the part file"))
        with pytest.raises(pytest.fail.Exception):
            make(root.parent / "other")
    with pytest.raises(DataError, match="no finished prepared set"):  # not the old manifest over new rows
        PreparedSet.open(folder)
    mended = make(root.parent / "other")
    assert mended.identity != skipped
    assert tree(mended.folder) == expected


def test_faults_of_lists_and_recordings_stand_in_one_report(make: Make, root: Path, tmp_path: Path) -> None:
    rows = read_lists(root)
    truncate(root / rows[5][0])
    (root / rows[7][0]).unlink()
    write_lists(root, [*rows, ["../../etc/passwd", "bus", "lyon-1", "a"]])
    with pytest.raises(Problems) as caught:
        make()
    found = [(problem.file, problem.line) for problem in caught.value.problems]
    assert found == [(rows[5][0], None), ("meta.csv", 9), ("meta.csv", 38)]
    assert not (tmp_path / "prepared").exists()
    prepared = make(on_error="skip")
    assert len(prepared) == 34
    assert [(problem.file, problem.line) for problem in prepared.manifest.skipped] == found


def test_a_scene_that_skipping_empties_is_an_error_and_no_set(make: Make, root: Path, tmp_path: Path) -> None:
    for clip, scene, *_ in read_lists(root):
        if scene == "park" and clip.endswith("-a.wav"):
            truncate(root / clip)
    with pytest.raises(DataError, match=r"park"):
        make(on_error="skip")
    with pytest.raises(DataError, match="no finished"):
        PreparedSet.open(tmp_path / "prepared")
