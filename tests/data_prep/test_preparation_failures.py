"""Preparing killed, doubled, interrupted, or without a disk: what is left is whole, and the same command ends it."""

import errno
import itertools
import multiprocessing
import os
import pathlib
import random
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pytest

from asc import prepare as command
from common.errors import AscError
from common.files import write_text
from data_prep import planning, preparation, shards
from data_prep.manifest import MANIFEST
from tests.data_prep.conftest import Make
from tests.tiny_sets import tree

FORK = multiprocessing.get_context("fork")


@pytest.fixture
def reference(make: Make, tmp_path: Path) -> dict[str, str]:
    """Return the tree of a set prepared without any incident."""
    return tree(make(tmp_path / "reference", waveforms=True).folder.parent)


def in_child(action: Callable[[], object]) -> multiprocessing.process.BaseProcess:
    child = FORK.Process(target=action)
    child.start()
    return child


class Faults:
    """Lets the n-th event (a write, a flush to disk, a rename) of a process go wrong in a chosen way."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, number: int, fault: Callable[[], None]) -> None:
        self.number, self.fault, self.count = number, fault, 0
        self.kinds: list[str] = []
        for name in ("fsync", "replace"):
            monkeypatch.setattr(os, name, self._counted(name, getattr(os, name)))
        original = pathlib.Path.open

        def opened(path: Path, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
            file = original(path, mode, *args, **kwargs)
            return _Writes(file, self) if "w" in mode else file

        monkeypatch.setattr(pathlib.Path, "open", opened)

    def happen(self, kind: str) -> None:
        self.count += 1
        self.kinds.append(kind)
        if self.count == self.number:
            self.fault()

    def _counted(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            self.happen(f"before {name}")
            result = original(*args, **kwargs)
            self.happen(f"after {name}")
            return result

        return call


class _Writes:
    """A file whose writes are events; one that goes wrong has put half of its bytes on the disk."""

    def __init__(self, file: IO[Any], faults: Faults) -> None:
        self.file, self.faults = file, faults

    def __enter__(self) -> "_Writes":
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def write(self, data: Any) -> int:
        half = len(data) // 2
        self.file.write(data[:half])
        self.file.flush()
        self.faults.happen("mid write")
        return half + int(self.file.write(data[half:]))


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def count_events(make: Make, tmp_path: Path) -> int:
    with pytest.MonkeyPatch.context() as patch:
        faults = Faults(patch, 0, lambda: None)
        make(tmp_path / "counted", waveforms=True)
    assert set(faults.kinds) == {"mid write", "before fsync", "after fsync", "before replace", "after replace"}
    return faults.count


def finished_shards(out: Path) -> dict[Path, int]:
    """Return the array files of shards that have their part file, with their inodes."""
    numbers = [part.stem for part in out.glob("*/parts/[0-9]*.json")]
    return {path: path.stat().st_ino for number in numbers for path in out.glob(f"*/*-{number}.npy")}


def check_mended(make: Make, out: Path, reference: dict[str, str]) -> None:
    """Check that the same command ends in the reference's tree and leaves finished shards alone."""
    kept = finished_shards(out)
    make(out, waveforms=True)
    assert tree(out) == reference
    assert {path: path.stat().st_ino for path in kept} == kept


@pytest.mark.parametrize("step", [7, pytest.param(1, marks=pytest.mark.slow)])
def test_killed_at_any_event(make: Make, tmp_path: Path, reference: dict[str, str], step: int) -> None:
    def killed(number: int, out: Path) -> None:
        with pytest.MonkeyPatch.context() as patch:
            Faults(patch, number, die)
            make(out, waveforms=True)

    events = count_events(make, tmp_path)
    assert events > 80
    for number in range(1, events + 1, step):
        out = tmp_path / f"killed-{number}"
        child = in_child(lambda number=number, out=out: killed(number, out))  # type: ignore[misc]
        child.join()
        assert child.exitcode == -signal.SIGKILL
        for path, digest in tree(out).items():  # whatever can be seen is whole
            assert Path(path).name.startswith(".") or reference[path] == digest
        check_mended(make, out, reference)


def test_killed_at_random_times(make: Make, tmp_path: Path, reference: dict[str, str]) -> None:
    start = time.monotonic()
    make(tmp_path / "timed", waveforms=True)
    longest = time.monotonic() - start
    rng = random.Random(0)  # noqa: S311
    for number in range(10):
        out = tmp_path / f"killed-{number}"
        child = in_child(lambda out=out: make(out, waveforms=True))  # type: ignore[misc]
        time.sleep(rng.uniform(0, longest))
        child.kill()
        child.join()
        check_mended(make, out, reference)


@pytest.mark.parametrize("repetitions", [4, pytest.param(20, marks=pytest.mark.slow)])
@pytest.mark.parametrize("processes", [2, 4])
def test_several_at_once_do_no_harm(
    make: Make, tmp_path: Path, reference: dict[str, str], processes: int, repetitions: int
) -> None:
    for repetition in range(repetitions):
        out = tmp_path / f"shared-{repetition}"
        children = [in_child(lambda out=out: make(out, waveforms=True)) for _ in range(processes)]  # type: ignore[misc]
        for child in children:
            child.join()
        assert [child.exitcode for child in children] == [0] * processes
        assert tree(out) == reference


def test_two_at_once_share_the_work(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    published = FORK.SimpleQueue()
    original = write_text

    def note(path: Path, text: str) -> None:
        time.sleep(0.05)
        original(path, text)
        published.put(path.name)

    monkeypatch.setattr(shards, "write_text", note)
    monkeypatch.setattr(planning, "SHARD_BYTES", 1)
    children = [in_child(lambda: make(tmp_path / "shared")) for _ in range(2)]
    for child in children:
        child.join()
    names = []
    while not published.empty():
        names.append(published.get())
    assert set(names) == {f"{number:05d}.json" for number in range(36)}
    assert len(names) < 50  # of 72, had each made all


@pytest.fixture
def arguments(root: Path, tmp_path: Path) -> list[str]:
    return [
        *("--dataset", "folder", "--root", str(root), "--out", str(tmp_path / "out"), "--waveforms"),
        *("--test-cities", "2", "--workers", "1"),
    ]


@pytest.mark.parametrize("step", [4, pytest.param(1, marks=pytest.mark.slow)])
def test_a_disk_that_fails_at_any_event(
    make: Make,
    tmp_path: Path,
    reference: dict[str, str],
    arguments: list[str],
    capsys: pytest.CaptureFixture[str],
    step: int,
) -> None:
    codes = itertools.cycle([errno.ENOSPC, errno.EIO, errno.EDQUOT])

    def failing(code: int) -> Callable[[], None]:
        def fail() -> None:
            raise OSError(code, os.strerror(code))

        return fail

    for number in range(1, count_events(make, tmp_path) + 1, step):
        out = tmp_path / f"failed-{number}"
        arguments[arguments.index("--out") + 1] = str(out)
        code = next(codes)
        with pytest.MonkeyPatch.context() as patch:
            faults = Faults(patch, number, failing(code))
            assert command.main(arguments) == 1
        error = capsys.readouterr().err
        assert f"cannot write {out}" in error
        assert os.strerror(code) in error
        assert "bytes" in error
        assert ("no space is left" in error) == (code != errno.EIO)
        seen = tree(out)
        # the flush of the folder comes after the rename: the file is there, and whole
        assert all(reference[path] == digest for path, digest in seen.items())
        assert faults.kinds[-1] in ("after replace", "before fsync", "after fsync") or len(seen) < len(reference)
        if number % 5 == 0:
            check_mended(make, out, reference)


def test_the_message_says_how_much_room_a_shard_needs(make: Make, tmp_path: Path) -> None:
    def limited() -> None:
        import resource  # of POSIX only

        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        try:
            make(tmp_path / "limited")
        except AscError as error:
            (tmp_path / "message").write_text(str(error))

    in_child(limited).join()
    message = (tmp_path / "message").read_text()
    assert re.search("after 20000 of (46208|27776) bytes: File too large", message)  # ten clips, six in the last shard
    assert not list((tmp_path / "limited").rglob("*.*"))
    make(tmp_path / "limited")


def test_a_target_that_cannot_be_a_folder(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    out = Path(arguments[arguments.index("--out") + 1])
    out.write_text("in the way")
    assert command.main(arguments) == 1
    assert str(out) in capsys.readouterr().err


def test_temporaries_of_the_dead_are_removed(make: Make, tmp_path: Path, reference: dict[str, str]) -> None:
    out = tmp_path / "killed"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(preparation, "_publish", lambda *_: None)
        with pytest.raises(AscError):
            make(out, waveforms=True)

    def leave_temporaries() -> None:
        for folder in (*out.iterdir(), *out.glob("*/parts")):
            for target in ("features-00000.npy", "00000.json", MANIFEST):
                (folder / f".{target}.tmp-{os.uname().nodename}-{os.getpid()}-0123abcd").write_bytes(b"x")

    in_child(leave_temporaries).join()
    assert len(list(out.rglob(".*"))) == 6
    check_mended(make, out, reference)
