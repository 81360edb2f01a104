"""States and costs of a figure's runs, for `--dry-run`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta

from asc.overview import Planned, State, Status, status
from recipes.cost import RunCost

_ALWAYS: tuple[State, ...] = ("done", "partial", "missing")
_WHERE_ANY: tuple[State, ...] = ("failed", "training")


def states_line(statuses: Sequence[Status]) -> str:
    """Return a line with the number of runs by state."""
    counts = Counter(one.state for one in statuses)
    named = [*_ALWAYS, *(state for state in _WHERE_ANY if counts[state])]
    return f"{len(statuses)} runs: " + ", ".join(f"{counts[state]} {state}" for state in named)


def tell_runs(
    planned: Sequence[Planned],
    costs: Sequence[RunCost],
    seconds: Sequence[float | None],
    others: Mapping[str, float],
    how: str,
) -> None:
    """Print the state, size and time of each run, and the totals.

    Parameters
    ----------
    planned, costs, seconds
        Folder, cost and seconds on this machine of each run; seconds are None if not estimated.
    others
        Seconds of other parts of the command, by name.
    how
        Explanation of the times.
    """
    statuses = [status(one) for one in planned]
    width = max((len(one.name) for one in statuses), default=0)
    print(f"{'run':{width}} {'state':8} {'parameters':>12} {'10^12 MAC':>12} {'time here':>18}")
    for one, cost, duration in zip(statuses, costs, seconds, strict=True):
        time_here = "" if duration is None else str(timedelta(seconds=round(duration)))
        sizes = f"{cost.parameters:12,} {cost.macs / 1e12:12,.3f} {time_here:>18}"
        print(f"{one.name:{width}} {one.state:8} {sizes}".rstrip())
    print(states_line(statuses))
    left = sum(duration or 0 for one, duration in zip(statuses, seconds, strict=True) if one.state != "done")
    if left:
        total = timedelta(seconds=round(left + sum(others.values())))
        parts = {"training": left, **others}
        of_which = ", ".join(f"{what} {timedelta(seconds=round(duration))}" for what, duration in parts.items())
        print(f"time left on this machine, one after another: about {total} ({of_which}; {how})")
    print(f"final weights of all runs: {sum(cost.weight_bytes for cost in costs) / 1e6:,.1f} MB on disk")
