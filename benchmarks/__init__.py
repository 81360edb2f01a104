"""Benchmarks against named peers; both are timed alternately in one process, so that other load affects both."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Times of this project's implementation and of a peer.

    Attributes
    ----------
    what, peer
        Names of the operation and of the peer.
    ours, theirs
        Median durations in milliseconds.
    ratio
        Median over turns of the ratio of the peer's duration to ours.
    least
        Required ratio; 0 if there is no requirement.
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
    """Time `ours` and `theirs` alternately.

    Parameters
    ----------
    what, peer, least
        See `Comparison`.
    ours, theirs
        Functions to time.
    turns, burst
        Number of turns, after an untimed one, and number of calls per turn.
    clock
        Clock in seconds. For work on one core, `time.process_time` excludes the time of other processes.
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
