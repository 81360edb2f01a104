"""How a figure's runs stand, for `--dry-run`."""

from collections import Counter
from collections.abc import Sequence

from asc.run_folder import RunFolder

_STATES = ("done", "partial", "missing")


def state_of(folder: RunFolder) -> str:
    """Return whether a run exists, stopped half-way, or is missing."""
    return "done" if folder.done else "partial" if folder.checkpoint_file.is_file() else "missing"


def states_line(folders: Sequence[RunFolder]) -> str:
    """Return how many runs there are, and in which state."""
    counts = Counter(map(state_of, folders))
    return f"{len(folders)} runs: " + ", ".join(f"{counts[state]} {state}" for state in _STATES)
