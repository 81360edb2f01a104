"""Short runs, in folders that are removed: how long runs take beside their steps; and paces that runs share."""

import io
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr
from pathlib import Path
from typing import NamedTuple, TypeVar

T = TypeVar("T")
P = TypeVar("P")
# Seconds that the steps of a trial may take. Of a longer run, the rest is a small part.
_LONGEST = 20.0
_EPOCHS = 3


class Beside(NamedTuple):
    """Seconds that a run takes to start and to end, and those of an epoch beside its steps and tests."""

    start: float
    epoch: float


def trial_seconds(train: Callable[[Path], object]) -> float:
    """Return how long it takes to train into a new folder; what it prints on standard error is dropped."""
    with tempfile.TemporaryDirectory() as name, redirect_stderr(io.StringIO()):
        begin = time.perf_counter()
        train(Path(name))
        return time.perf_counter() - begin


def beside_steps(
    runs: Sequence[T], train: Callable[[T, int, Path], object], steps: Callable[[T, int], float]
) -> list[Beside]:
    """Return what each run takes beside its steps, from a run of one epoch and one of three.

    Zero where the steps of three epochs take more than 20 s: such a run is not tried.

    Parameters
    ----------
    runs
        The smallest of each kind.
    train
        Trains a run for so many epochs in a folder.
    steps
        Seconds of all steps and tests of a run of so many epochs.
    """
    found, warm = [], False
    for run in runs:
        if steps(run, _EPOCHS) > _LONGEST:
            found.append(Beside(0.0, 0.0))
            continue
        if not warm:  # imports of the first run are not repeated
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
    """Return the pace of each item: measured once for each key, or else that of the largest of its kind so far.

    Parameters
    ----------
    ordered
        Smallest first.
    key, kind
        What items have in common that are equally fast; and that differ in size only.
    quick
        Whether an item can be measured quickly; the first of each kind is measured whatever it takes.
    """
    by_key: dict[object, P] = {}
    by_kind: dict[object, P] = {}
    for item in ordered:
        if key(item) not in by_key:
            if quick(item) or kind(item) not in by_kind:
                by_kind[kind(item)] = measure(item)
            by_key[key(item)] = by_kind[kind(item)]
    return [by_key[key(item)] for item in ordered]
