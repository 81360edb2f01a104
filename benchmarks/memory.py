"""Peak memory of preparation and of training from the memory map, for two sizes of a set.

`python -m benchmarks.memory`. Only anonymous pages of the process are counted; pages of the memory map belong to the
system's file cache and can be reclaimed at any time.
"""

import multiprocessing
import re
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.recordings import prepared_noise
from benchmarks.training import trainer
from data_prep.storage import PreparedSet

# Both sets have more than one shard, of which a worker holds one in memory.
FEWER, MORE, SECONDS = 800, 1800, 1.0


@dataclass(frozen=True, kw_only=True)
class Growth:
    """Peak memory in MiB with few and with many clips."""

    what: str
    fewer: float
    more: float

    def __str__(self) -> str:
        return f"{self.what}: {self.fewer:.0f} MiB with {FEWER} clips, {self.more:.0f} MiB with {MORE}"


def anonymous_mib() -> float:
    """Return this process's anonymous memory in MiB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    match = re.search(r"RssAnon:\s+(\d+) kB", status)
    return int(match[1]) / 1024 if match else float("nan")


def _prepare(folder: Path, clips: int) -> None:
    prepared_noise(folder, clips, SECONDS, workers=1)


def _train(folder: Path, clips: int) -> None:
    ours = trainer(PreparedSet.open(folder / "prepared"), 8)
    for batch in islice(ours.batches, clips // 16):
        ours.step(batch)


def _peak(work: Callable[[Path, int], None], folder: Path, clips: int, answer: Connection) -> None:
    """Run `work` and send the peak of anonymous memory, sampled every few milliseconds."""
    peak, done = [0.0], threading.Event()

    def watch() -> None:
        while not done.wait(0.003):
            peak[0] = max(peak[0], anonymous_mib())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        work(folder, clips)
    finally:
        done.set()
        watcher.join()
    answer.send(peak[0])
    answer.close()


def _measured(work: Callable[[Path, int], None], folder: Path, clips: int) -> float:
    """Measure `work` in a new process, so that earlier work does not affect the peak."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_peak, args=(work, folder, clips, sender))
    process.start()
    sender.close()
    peak = float(receiver.recv())
    process.join()
    return peak


def measure() -> list[Growth]:
    """Measure preparation and training."""
    rows = []
    with tempfile.TemporaryDirectory() as parent:
        for what, work in (("preparing, one worker", _prepare), ("training from the memory map", _train)):
            fewer, more = (_measured(work, Path(parent, str(clips)), clips) for clips in (FEWER, MORE))
            rows.append(Growth(what=what, fewer=fewer, more=more))
    return rows


if __name__ == "__main__":
    for row in measure():
        print(row)
