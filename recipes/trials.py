"""Trial runs in temporary folders, which measure the overhead of runs besides training steps."""

import io
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr
from pathlib import Path
from typing import NamedTuple, TypeVar

T = TypeVar("T")
P = TypeVar("P")
# Maximum seconds of the steps of a trial run. For longer runs the overhead is negligible.
_LONGEST = 20.0
_EPOCHS = 3


class Beside(NamedTuple):
    """Overhead in seconds: of the start and end of a run, and of each epoch besides its steps and tests."""

    start: float
    epoch: float


def trial_seconds(train: Callable[[Path], object]) -> float:
    """Return the seconds of training in a temporary folder; standard error is discarded."""
    with tempfile.TemporaryDirectory() as name, redirect_stderr(io.StringIO()):
        begin = time.perf_counter()
        train(Path(name))
        return time.perf_counter() - begin


def beside_steps(
    runs: Sequence[T], train: Callable[[T, int, Path], object], steps: Callable[[T, int], float]
) -> list[Beside]:
    """Return the overhead of each run besides steps, from trial runs of one epoch and of three epochs.

    It is zero, without a trial run, if the steps of three epochs take more than 20 s.

    Parameters
    ----------
    runs
        The smallest run of each kind.
    train
        Function that trains a run for a number of epochs in a folder.
    steps
        Function that returns the seconds of all steps and tests of a run with a number of epochs.
    """
    found, warm = [], False
    for run in runs:
        if steps(run, _EPOCHS) > _LONGEST:
            found.append(Beside(0.0, 0.0))
            continue
        if not warm:  # the first run includes the time of imports
            trial_seconds(lambda folder, run=run: train(run, 1, folder))  # type: ignore[misc]
            warm = True
        one, several = (_beyond(run, epochs, train, steps) for epochs in (1, _EPOCHS))
        epoch = max(0.0, several - one) / (_EPOCHS - 1)
        found.append(Beside(max(0.0, one - epoch), epoch))
    return found


def _beyond(run: T, epochs: int, train: Callable[[T, int, Path], object], steps: Callable[[T, int], float]) -> float:
    return trial_seconds(lambda folder: train(run, epochs, folder)) - steps(run, epochs)


def paces_of(
    ordered: Sequence[T],
    *,
    key: Callable[[T], object],
    kind: Callable[[T], object],
    quick: Callable[[T], bool],
    measure: Callable[[T], P],
) -> list[P]:
    """Return the pace of each item, measured once per key, or that of the largest measured item of its kind.

    Parameters
    ----------
    ordered
        Items in ascending size.
    key, kind
        Keys of items with the same pace, and of items that differ only in size.
    quick
        Function that returns whether an item is fast to measure. The first item of each kind is always measured.
    measure
        Function that measures the pace of an item.
    """
    by_key: dict[object, P] = {}
    by_kind: dict[object, P] = {}
    for item in ordered:
        if key(item) not in by_key:
            if quick(item) or kind(item) not in by_kind:
                by_kind[kind(item)] = measure(item)
            by_key[key(item)] = by_kind[kind(item)]
    return [by_key[key(item)] for item in ordered]
