"""Checkpoints: hostile, damaged and interrupted files."""

import os
import pickle
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import torch

from asc import checkpoint
from asc.checkpoint import BackgroundCheckpoint, read_checkpoint, write_checkpoint
from common.errors import RunError
from common.files import remove_stale_temporaries
from tests.conftest import ROOT


class Touch:
    """What a hostile pickle does when it is loaded."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.marker}",)


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    state = {"weights": torch.randn(3), "history": [{"epoch": 0.0}], "epoch": 4}
    write_checkpoint(state, tmp_path / "last.ckpt")
    loaded = read_checkpoint(tmp_path / "last.ckpt")
    assert torch.equal(loaded.pop("weights"), state.pop("weights"))  # type: ignore[arg-type]
    assert loaded == state


@pytest.mark.parametrize("whole_file", [True, False])
def test_hostile_checkpoints_run_nothing(tmp_path: Path, whole_file: bool) -> None:
    marker, path = tmp_path / "marker", tmp_path / "last.ckpt"
    if whole_file:
        path.write_bytes(pickle.dumps(Touch(marker)))
    else:
        torch.save({"state_dict": Touch(marker)}, path)
    with pytest.raises(RunError, match=r"last\.ckpt"):
        read_checkpoint(path)
    assert not marker.exists()


def test_damaged_checkpoints_are_named(tmp_path: Path) -> None:
    path = tmp_path / "last.ckpt"
    write_checkpoint({"weights": torch.randn(1000)}, path)
    whole = path.read_bytes()
    for damaged in (b"", b"random bytes", whole[:100], whole[: len(whole) // 2], whole[:-1]):
        path.write_bytes(damaged)
        with pytest.raises(RunError, match="remove it"):
            read_checkpoint(path)
    with pytest.raises(RunError):
        read_checkpoint(tmp_path / "missing.ckpt")


WRITER = """
import sys, torch
from pathlib import Path
from asc.checkpoint import BackgroundCheckpoint, write_checkpoint
path = Path(sys.argv[1])
background = BackgroundCheckpoint(path)
save = background.save if sys.argv[2] == "background" else lambda state: write_checkpoint(state, path)
state = {"number": 0, "x": torch.zeros(250_000)}
print("ready", flush=True)
for number in range(10**6):
    state["number"] = number
    state["x"].fill_(float(number))  # while the one before may still be on its way to the disk
    save(state)
"""


@pytest.mark.parametrize(
    ("place", "writer"),
    [("tmp", "here"), ("shm", "here"), ("tmp", "background")],
)
def test_no_kill_leaves_an_unreadable_checkpoint(tmp_path: Path, place: str, writer: str) -> None:
    folder = tmp_path if place == "tmp" else Path("/dev/shm") / tmp_path.name  # noqa: S108 - another file system
    folder.mkdir(exist_ok=True)
    path = folder / "last.ckpt"
    try:
        for delay in (0.05, 0.13, 0.21, 0.34):
            process = subprocess.Popen([sys.executable, "-c", WRITER, path, writer], cwd=ROOT, stdout=subprocess.PIPE)
            assert process.stdout is not None
            process.stdout.readline()
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(delay + 0.2)
            process.send_signal(signal.SIGKILL)
            process.communicate()
            loaded = read_checkpoint(path)
            assert (loaded["x"] == loaded["number"]).all()
            remove_stale_temporaries(folder)
            assert [file.name for file in folder.iterdir()] == ["last.ckpt"]
    finally:
        if place == "shm":
            path.unlink(missing_ok=True)
            folder.rmdir()


def test_a_full_disk_leaves_the_checkpoint_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "last.ckpt"
    write_checkpoint({"number": 1}, path)

    def full(_checkpoint: object, temporary: Path) -> None:
        temporary.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(Exception, match=r"last\.ckpt.*[Nn]o space"):
        write_checkpoint({"number": 2}, path)
    monkeypatch.undo()
    assert read_checkpoint(path) == {"number": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["last.ckpt"]


def test_the_background_writes_the_state_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written, go_on, original = tmp_path / "last.ckpt", threading.Event(), torch.save

    def slow(checkpoint: object, temporary: Path) -> None:
        assert go_on.wait(60)
        original(checkpoint, temporary)

    monkeypatch.setattr(torch, "save", slow)
    files, weights, history = BackgroundCheckpoint(written), torch.ones(3, 4).mT, [{"epoch": 0.0}]
    assert files.due
    files.save({"weights": weights, "history": history})
    weights.zero_()
    history.append({"epoch": 1.0})
    assert not files.due
    assert not written.exists()
    go_on.set()
    files.wait()
    loaded = read_checkpoint(written)
    assert torch.equal(loaded["weights"], torch.ones(4, 3))
    assert loaded["weights"].stride() == weights.stride()
    assert loaded["history"] == [{"epoch": 0.0}]


def test_checkpoints_take_a_small_share_of_the_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(checkpoint, "monotonic", lambda: now[0])
    for cost, wait in ((1.0, 20.0), (3.0, 60.0), (100.0, 600.0)):
        monkeypatch.setattr(torch, "save", lambda _state, path, cost=cost: (path.touch(), now.append(now.pop() + cost)))
        files = BackgroundCheckpoint(tmp_path / "last.ckpt")
        started = now[0]
        files.save({})
        files.wait()
        for passed, due in ((cost, False), (wait - 0.1, False), (wait, True)):
            now[0] = started + passed
            assert files.due == due
