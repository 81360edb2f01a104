"""IrregularFiles recordings in a set: read with a warning for each kind, noted in the manifest, refused by --strict."""

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from asc import prepare as command
from asc.prepare_options import Dataset, PrepareOptions
from common.errors import ConfigError
from data_prep.containers.acceptance import Acceptance
from data_prep.containers.container import Irregularity
from data_prep.irregularities import find_irregularities
from data_prep.problems import Problems
from data_prep.storage import PreparedSet
from tests.data_prep.conftest import Make
from tests.tiny_sets import read_lists, tree, write_lists

STRICT = Acceptance(strict=True)


def make_odd(root: Path) -> tuple[list[str], list[str]]:
    """Give four recordings the sizes of streams and two a tag behind; return their names."""
    clips = [row[0] for row in read_lists(root)]
    for clip in clips[3:7]:
        data = bytearray((root / clip).read_bytes())
        data[4:8] = data[40:44] = b"\xff" * 4
        (root / clip).write_bytes(data)
    for clip in clips[20:22]:
        (root / clip).write_bytes((root / clip).read_bytes() + b"TAG" + bytes(125))
    return clips[3:7], clips[20:22]


def test_samples_are_the_same_and_the_manifest_tells(make: Make, root: Path, tmp_path: Path) -> None:
    plain = make()
    streams, tagged = make_odd(root)
    odd = make(tmp_path / "odd")
    rows = np.arange(len(plain))
    np.testing.assert_array_equal(odd.spectrograms(rows), plain.spectrograms(rows))
    told = {entry.irregularity: list(entry.clips) for entry in odd.manifest.irregular}
    assert told == {Irregularity.STREAM_SIZE: streams, Irregularity.TRAILING: tagged}
    assert plain.manifest.irregular == ()
    assert tree(make(tmp_path / "odd").folder) == tree(odd.folder)


def test_strict_refuses_them_and_a_set_that_has_them(make: Make, root: Path, tmp_path: Path) -> None:
    streams, tagged = make_odd(root)
    for out in ("strict", "lenient"):
        if out == "lenient":
            make(tmp_path / out)
        with pytest.raises(Problems, match="refused by --strict") as caught:
            make(tmp_path / out, accept=STRICT)
        assert [problem.file for problem in caught.value.problems] == sorted([*streams, *tagged])
    assert len(make(tmp_path / "strict", accept=STRICT, on_error="skip")) == 30
    assert len(make(tmp_path / "strict")) == 36


def run(root: Path, out: Path, *more: str) -> int:
    return command.main(["--dataset", "folder", "--root", str(root), "--out", str(out), "--test-cities", "2", *more])


def test_one_warning_for_each_kind(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    streams, tagged = make_odd(root)
    assert run(root, tmp_path / "out") == 0
    warnings = [line for line in capsys.readouterr().err.splitlines() if " files: " in line]
    assert warnings == [
        f"warning: 2 files: {Irregularity.TRAILING}: {', '.join(tagged)}",
        f"warning: 4 files: {Irregularity.STREAM_SIZE}: {', '.join(streams)}",
    ]
    assert run(root, tmp_path / "strict", "--strict") == 1
    assert "6 problems" in capsys.readouterr().err


def test_tau_is_read_strictly_unless_told_otherwise() -> None:
    def strict(dataset: Dataset, **more: bool) -> bool:
        return PrepareOptions(dataset=dataset, root=Path("x"), out=Path("y"), **more).accept.strict

    assert [strict("tau2020"), strict("tau2020", lenient=True), strict("folder")] == [True, False, False]
    assert strict("folder", strict=True)
    with pytest.raises(ConfigError, match="lenient"):
        strict("tau2020", strict=True, lenient=True)


def test_lossy_recordings_need_a_word(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = read_lists(root)
    for row in rows:
        samples, rate = sf.read(root / row[0])
        row[0] = row[0].replace(".wav", ".mp3")
        sf.write(root / row[0], samples, rate, format="MP3", subtype="MPEG_LAYER_III")
    write_lists(root, rows)
    assert run(root, tmp_path / "out") == 1
    assert "--lossy reads it" in capsys.readouterr().err
    assert run(root, tmp_path / "out", "--lossy") == 0
    seen = capsys.readouterr()
    assert f"36 files: {Irregularity.LOSSY}" in seen.err
    assert len(PreparedSet.open(Path(seen.out.splitlines()[-1]))) == 36


def test_sources_are_looked_at_beforehand(root: Path) -> None:
    streams, tagged = make_odd(root)
    clips = [row[0] for row in read_lists(root)]
    (root / clips[0]).write_bytes(b"RIFF")
    assert find_irregularities(root, clips, Acceptance()) == {
        Irregularity.TRAILING: tagged,
        Irregularity.STREAM_SIZE: streams,
    }
