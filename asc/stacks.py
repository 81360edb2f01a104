"""Chooses which runs are trained together."""

from collections.abc import Sequence
from dataclasses import replace

from asc.learners import stackable
from asc.run import Run, Stack


def _company(run: Run) -> object:
    """Return what runs of one stack have in common: all but width, learning rate, and which weights they keep."""
    if not stackable(run):
        return run
    return run.seed, run.data, replace(run.network, width=1), replace(run.training, learning_rate=1.0)


def stack_up(runs: Sequence[Run]) -> list[Run | Stack]:
    """Return the jobs that train `runs`: stacks of small ones on the same batches, all others alone."""
    together: dict[object, list[Run]] = {}
    for run in runs:
        together.setdefault(_company(run), []).append(run)
    return [some[0] if len(some) == 1 else Stack(tuple(some)) for some in together.values()]
