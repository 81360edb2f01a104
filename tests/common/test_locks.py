"""Locks, with and without a file system that has them."""

import errno
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from common import locks
from common.errors import AscError
from common.locks import is_locked, lock
from tests.conftest import ROOT

fcntl = pytest.importorskip("fcntl", reason="what is imitated here is what flock says")

HOLDER = """
import errno, fcntl, sys, time
from pathlib import Path
from common.locks import lock
if sys.argv[2] == "without":
    def flock(*_):
        raise OSError(errno.ENOLCK, "No locks available")
    fcntl.flock = flock
with lock(Path(sys.argv[1])) as free:
    print(free, flush=True)
    time.sleep(60)
"""


@pytest.fixture(params=["with", "without"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a lock file on a file system with or without locks."""
    if request.param == "without":
        take_locks_away(monkeypatch, errno.ENOLCK)
    folder = tmp_path / request.param
    folder.mkdir()
    return folder / ".lock"


def take_locks_away(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def flock(*_arguments: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    locks._warn_once.cache_clear()


def test_one_at_a_time(place: Path) -> None:
    assert not is_locked(place)
    for _ in range(2):
        with lock(place) as first:
            assert first
            assert is_locked(place)
            with lock(place) as second:
                assert not second
            assert is_locked(place)
    assert not is_locked(place)


def test_the_lock_of_a_process_that_was_killed_is_free(place: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(place), place.parent.name]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "True\n"
        with lock(place) as free:
            assert not free
        assert is_locked(place)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not is_locked(place)
    with lock(place) as free:
        assert free
    assert {path.name for path in place.parent.iterdir()} == {".lock"}


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_that_there_are_no_locks_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: int
) -> None:
    take_locks_away(monkeypatch, number)
    for _ in range(3):
        with lock(tmp_path / ".lock") as free:
            assert free
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "without locks" in said
    assert str(tmp_path) in said


@pytest.mark.parametrize(
    ("content", "by"),
    [("12\nelsewhere\n", "process 12 on elsewhere"), ("", "an unnamed process"), ("12", "an unnamed process")],
)
def test_what_another_machine_holds_is_an_error_that_says_what_to_remove(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, by: str
) -> None:
    take_locks_away(monkeypatch, errno.EOPNOTSUPP)
    held = tmp_path / ".lock.held"
    held.write_text(content)
    with pytest.raises(AscError, match=rf"{by}.*remove that file"), lock(tmp_path / ".lock"):
        pass
    assert is_locked(tmp_path / ".lock")
    held.unlink()
    with lock(tmp_path / ".lock") as free:
        assert free
        assert held.read_text().split()[:2] == [str(os.getpid()), socket.gethostname()]


def test_other_errors_are_not_taken_for_missing_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    take_locks_away(monkeypatch, errno.EIO)
    with pytest.raises(AscError, match=r"cannot lock.*Input/output"), lock(tmp_path / ".lock"):
        pass


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with (
        pytest.raises(AscError, match=r"taken/run/\.lock: Not a directory; .*another"),
        lock(tmp_path / "taken/run/.lock"),
    ):
        pass


def test_asking_needs_no_right_to_write_and_leaves_nothing(tmp_path: Path) -> None:
    assert not is_locked(tmp_path / "nowhere" / ".lock")
    assert not is_locked(tmp_path / ".lock")
    assert not list(tmp_path.iterdir())
