"""The command that prepares as a process: its workers end with it, and no kill harms what it left."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.data_prep.test_preparation_failures import finished_shards
from tests.tiny_sets import tree, write_tiny_set

PROGRAM = """
import sys
from data_prep import planning
from asc.prepare import main
planning.SHARD_BYTES = 10 * 256 * 9 * 2
if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
"""


def start(arguments: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def descendants(pid: int) -> set[int]:
    """Return the process ids of everything that `pid` started, directly or not."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
    found: set[int] = set()
    new = {pid}
    while new:
        new = {child for child, parent in parents.items() if parent in new} - found
        found |= new
    return found


def wait_for(condition: Callable[[], Any], seconds: float = 60) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    return pytest.fail("waited in vain")


def gone(pids: set[int]) -> bool:
    return all(
        not Path(f"/proc/{pid}").exists() or "State:\tZ" in Path(f"/proc/{pid}/status").read_text() for pid in pids
    )


@pytest.fixture(scope="module")
def large_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a data set that takes two workers some seconds."""
    root = tmp_path_factory.mktemp("large") / "recordings"
    write_tiny_set(root, per_pair=10, seconds=4.0, rate=44_100)
    return root


@pytest.fixture
def large(large_root: Path, tmp_path: Path) -> list[str]:
    """Return the command line that prepares it."""
    return [
        *("--dataset", "folder", "--root", str(large_root), "--out", str(tmp_path / "large-out")),
        *("--test-cities", "2", "--workers", "2"),
    ]


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGKILL, pytest.param(signal.SIGINT, marks=pytest.mark.slow)]
)
def test_the_workers_end_with_the_command(large: list[str], number: signal.Signals) -> None:
    out = Path(large[large.index("--out") + 1])
    process = start(large)
    wait_for(lambda: list(out.glob("*/parts/*.json")))
    children = descendants(process.pid)
    assert len(children) >= 3  # two workers and the server that forks them
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == (-9 if number == signal.SIGKILL else 128 + number)
    assert number == signal.SIGKILL or "the same command continues" in errors
    wait_for(lambda: gone(children))
    assert not list(out.glob("*/manifest.json"))


def test_a_killed_worker_is_an_error_and_no_hang(large: list[str]) -> None:
    out = Path(large[large.index("--out") + 1])
    process = start(large)
    wait_for(lambda: list(out.glob("*/parts/*.json")))
    server = next(pid for pid in descendants(process.pid) if descendants(pid))
    os.kill(min(descendants(server)), signal.SIGKILL)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "a worker process was killed" in errors
    assert "--workers" in errors


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_the_command_killed_at_75_random_times(large: list[str], tmp_path: Path) -> None:
    assert start(large).wait() == 0
    expected = tree(tmp_path / "large-out")
    rng = random.Random(1)  # noqa: S311
    out = tmp_path / "killed"
    large[large.index("--out") + 1] = str(out)
    kills = 0
    while kills < 75:
        process = start(large)
        time.sleep(rng.uniform(1, 8))
        kills += process.poll() is None
        kept = finished_shards(out)
        process.kill()
        process.communicate()
        assert all(path.stat().st_ino == inode for path, inode in kept.items())
        if process.returncode == 0:
            assert tree(out) == expected
            for path in sorted(out.rglob("*"), reverse=True):
                path.rmdir() if path.is_dir() else path.unlink()
    assert start(large).wait() == 0
    assert tree(out) == expected


@pytest.mark.slow
def test_a_thousand_clips_more_need_no_more_memory(tmp_path: Path) -> None:
    peaks = []
    for copies in (14, 42):
        write_tiny_set(tmp_path / str(copies), per_pair=copies)
        arguments = ["--dataset", "folder", "--root", str(tmp_path / str(copies)), "--out", str(tmp_path / "out")]
        measured = PROGRAM.replace(
            "sys.exit(main(sys.argv[1:]))",
            "import resource; main(sys.argv[1:]); print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)",
        )
        command = [sys.executable, "-c", measured, *arguments, "--workers", "1"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        peaks.append(int(done.stdout.splitlines()[-1]))
    assert peaks[1] - peaks[0] < 12_000  # KiB: the table itself, no clip's data
