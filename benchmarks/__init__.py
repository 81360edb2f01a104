"""Speed beside named peers, both sides in one process and in turn, so that whatever else the machine does hits both."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """How long something took here and at a peer.

    Attributes
    ----------
    what, peer
        What was measured, and beside what.
    ours, theirs
        Median duration, milliseconds.
    ratio
        Median over the turns of the peer's duration divided by ours.
    least
        What the ratio must reach; 0 where nothing is asked of it.
    """

    what: str
    peer: str
    ours: float
    theirs: float
    ratio: float
    least: float = 0.0

    def __str__(self) -> str:
        asked = f" (at least {self.least:g})" if self.least else ""
        return f"{self.what}: {self.ours:.2f} ms, {self.peer}: {self.theirs:.2f} ms, ratio {self.ratio:.2f}{asked}"


def compare(
    what: str,
    ours: Callable[[], object],
    peer: str,
    theirs: Callable[[], object],
    *,
    least: float = 0.0,
    turns: int = 20,
    burst: int = 5,
    clock: Callable[[], float] = time.perf_counter,
) -> Comparison:
    """Time `ours` and `theirs` in turn.

    Parameters
    ----------
    what, peer, least
        As in `Comparison`.
    ours, theirs
        What to time.
    turns, burst
        How many turns each side has, after an untimed one, and how many calls a turn has in a row.
    clock
        Seconds; `time.process_time` for work on one core leaves out the time in which others had that core.
    """

    def milliseconds(work: Callable[[], object]) -> float:
        start = clock()
        for _ in range(burst):
            work()
        return (clock() - start) * 1e3 / burst

    here, there = np.array([(milliseconds(ours), milliseconds(theirs)) for _ in range(turns + 1)][1:]).T
    return Comparison(
        what=what,
        peer=peer,
        ours=float(np.median(here)),
        theirs=float(np.median(there)),
        ratio=float(np.median(there / here)),
        least=least,
    )
