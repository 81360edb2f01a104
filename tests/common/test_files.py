"""Files that are whole or absent."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from common.errors import AscError
from common.files import atomic_path, remove_stale_temporaries, write_json, write_text
from tests.conftest import ROOT


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    target = tmp_path / "below" / "file.txt"
    for text in ("first\n", "zweite Fassung, äußerst lang\n" * 100):
        write_text(target, text)
        assert target.read_bytes() == text.encode()
    assert [path.name for path in target.parent.iterdir()] == ["file.txt"]


def test_nothing_is_left_of_a_write_that_failed(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_text("before")

    def half() -> None:
        with atomic_path(target) as temporary:
            temporary.write_text("half")
            raise KeyError

    with pytest.raises(KeyError):
        half()
    assert target.read_text() == "before"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_errors_of_the_disk_name_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, failing, full)
    with pytest.raises(AscError, match=r"file\.json after 12 bytes.*no space is left"):
        write_json(tmp_path / "file.json", {"a": 1})
    assert not list(tmp_path.iterdir())


LIMITED = """
import resource, sys
from pathlib import Path
import numpy, soundfile, torch
from common.errors import AscError
from common.files import atomic_path
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
large = torch.zeros(1_000_000)
for name, write in {
    "torch": lambda path: torch.save(large, path),
    "numpy": lambda path: large.numpy().tofile(path),
    "soundfile": lambda path: soundfile.write(path, large.numpy(), 22_050, format="WAV"),
}.items():
    try:
        with atomic_path(Path(sys.argv[1]) / name) as temporary:
            write(temporary)
    except AscError as error:
        print(error)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows limits no file's size")
def test_a_library_that_does_not_say_what_the_disk_said(tmp_path: Path) -> None:
    command = [sys.executable, "-c", LIMITED, tmp_path]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    for line, name in zip(said, ("torch", "numpy", "soundfile"), strict=True):
        assert line.startswith(f"cannot write {tmp_path / name} after ")
        assert line.endswith("File too large (no space is left; free some and run the same command again)")
    assert not list(tmp_path.iterdir())


def test_a_reader_is_waited_for_where_it_is_in_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace, refused = os.replace, iter([True, True, False])

    def unless_read(source: Path, target: Path) -> None:
        if next(refused):
            raise PermissionError(13, "The process cannot access the file", str(target))
        replace(source, target)

    monkeypatch.setattr(os, "replace", unless_read)
    monkeypatch.setattr("common.files.WINDOWS", True)
    write_text(tmp_path / "file", "text")
    assert (tmp_path / "file").read_text() == "text"
    refused = iter([True] * 4)
    with pytest.raises(AscError, match="Permission denied"):
        write_text(tmp_path / "file", "other")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["text"]


def test_what_is_no_fault_of_the_disk_is_not_called_one(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="shapes"), atomic_path(tmp_path / "file"):
        raise RuntimeError("shapes do not match")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(AscError, match="taken"):
        write_text(tmp_path / "taken" / "file", "text")


def test_json_has_no_nan(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "file", float("nan"))
    assert not list(tmp_path.iterdir())


LEAVER = """
import os, signal, sys
from pathlib import Path
from common.files import atomic_path
with atomic_path(Path(sys.argv[1])) as temporary:
    temporary.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_the_dead_left_is_swept_and_what_the_living_write_is_not(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", LEAVER, tmp_path / "file"], cwd=ROOT, check=False)
    assert len(list(tmp_path.iterdir())) == 1
    with atomic_path(tmp_path / "other") as temporary:
        temporary.write_text("whole")
        foreign = tmp_path / ".file.tmp-otherhost-1-0123abcd"
        foreign.write_text("another machine writes here")
        assert remove_stale_temporaries(tmp_path) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"other", foreign.name}
    assert remove_stale_temporaries(tmp_path / "nowhere") == 0
