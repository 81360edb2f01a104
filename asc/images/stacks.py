"""Which runs are trained together."""

from collections.abc import Sequence
from dataclasses import replace

from asc.images.description import ImageNetwork, ImageRun, Stack
from asc.images.learners import stackable


def _company(run: ImageRun) -> object:
    """Return what runs of one stack have in common: all but width, learning rate, and which weights they have."""
    if not stackable(run):
        return run
    size = tuple((name, value) for name, value in run.network.size if name != "width")
    network = ImageNetwork(architecture=run.network.architecture, size=size)
    return run.seed, run.data, network, replace(run.training, learning_rate=1.0)


def stack_up(runs: Sequence[ImageRun]) -> list[ImageRun | Stack]:
    """Return the jobs that train `runs`: stacks of small ones that can learn from the same batches, others alone."""
    together: dict[object, list[ImageRun]] = {}
    for run in runs:
        together.setdefault(_company(run), []).append(run)
    return [some[0] if len(some) == 1 else Stack(tuple(some)) for some in together.values()]
