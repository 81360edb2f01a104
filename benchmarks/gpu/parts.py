"""Independent parts of the check, run in order within a time limit."""

import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

State = Literal["passed", "failed", "left out"]


@dataclass(frozen=True, kw_only=True)
class Part:
    """A check or measurement.

    Attributes
    ----------
    name
        Name of the part.
    run
        Function that runs the part and returns its result in one line.
    needs
        Seconds that the part may take; it is left out if less time remains.
    """

    name: str
    run: Callable[[], str]
    needs: float = 15.0


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Outcome of a part."""

    name: str
    state: State
    said: str
    seconds: float = 0.0


def _outcome(part: Part) -> Outcome:
    started = time.monotonic()
    state: State = "passed"
    try:
        said = part.run()
    except Exception as error:  # the other parts run all the same
        traceback.print_exc()
        state, said = "failed", f"{type(error).__name__}: {error}".splitlines()[0]
    return Outcome(name=part.name, state=state, said=said, seconds=time.monotonic() - started)


def run_parts(parts: Sequence[Part], budget: float) -> list[Outcome]:
    """Run `parts` in order; leave out those for which too little of `budget` (seconds) remains."""
    end = time.monotonic() + budget
    outcomes = []
    for number, part in enumerate(parts, 1):
        left = end - time.monotonic()
        if left < part.needs:
            outcome = Outcome(
                name=part.name, state="left out", said=f"{max(left, 0):.0f} s of {budget:.0f} s were left"
            )
        else:
            print(f"[{number}/{len(parts)}, {left:.0f} s left] {part.name}", file=sys.stderr, flush=True)
            outcome = _outcome(part)
        print(f"  {outcome.state} after {outcome.seconds:.1f} s: {outcome.said}", file=sys.stderr, flush=True)
        outcomes.append(outcome)
    return outcomes
