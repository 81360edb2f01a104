"""How a figure's runs stand, and what they cost, for `--dry-run`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta

from asc.run_folder import RunFolder
from recipes.cost import RunCost

_STATES = ("done", "partial", "missing")


def state_of(folder: RunFolder) -> str:
    """Return whether a run exists, stopped half-way, or is missing."""
    return "done" if folder.done else "partial" if folder.checkpoint_file.is_file() else "missing"


def states_line(folders: Sequence[RunFolder]) -> str:
    """Return how many runs there are, and in which state."""
    counts = Counter(map(state_of, folders))
    return f"{len(folders)} runs: " + ", ".join(f"{counts[state]} {state}" for state in _STATES)


def tell_runs(
    folders: Sequence[RunFolder],
    costs: Sequence[RunCost],
    seconds: Sequence[float | None],
    others: Mapping[str, float],
    how: str,
) -> None:
    """Print each run's state and size, and what is left to do.

    Parameters
    ----------
    folders, costs, seconds
        Of each run: where it stands, what it costs, and how long it takes on this machine, None where nobody asks.
    others
        Seconds of what the command does beside training, by what it is.
    how
        Where the times are from.
    """
    width = max((len(folder.name) for folder in folders), default=0)
    print(f"{'run':{width}} {'state':8} {'parameters':>12} {'10^12 MAC':>12} {'time here':>18}")
    for folder, cost, duration in zip(folders, costs, seconds, strict=True):
        time_here = "" if duration is None else str(timedelta(seconds=round(duration)))
        sizes = f"{cost.parameters:12,} {cost.macs / 1e12:12,.3f} {time_here:>18}"
        print(f"{folder.name:{width}} {state_of(folder):8} {sizes}".rstrip())
    print(states_line(folders))
    left = sum(duration or 0 for folder, duration in zip(folders, seconds, strict=True) if not folder.done)
    if left:
        total = timedelta(seconds=round(left + sum(others.values())))
        parts = {"training": left, **others}
        of_which = ", ".join(f"{what} {timedelta(seconds=round(duration))}" for what, duration in parts.items())
        print(f"time left on this machine, one after another: about {total} ({of_which}; {how})")
    print(f"final weights of all runs: {sum(cost.weight_bytes for cost in costs) / 1e6:,.1f} MB on disk")
