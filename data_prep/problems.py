"""What is wrong with a data set: named by file and line, collected, and reported together."""

from collections.abc import Iterable
from dataclasses import dataclass

from common.errors import DataError

_SHOWN = 50
_NAMED = 5


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a data set.

    Attributes
    ----------
    file
        The list, or the recording, relative to the data set's root.
    line
        Line of the list, from 1, where it is about one.
    reason
        What was found, and what should have been.
    """

    file: str
    line: int | None
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}" if self.line else f"{self.file}: {self.reason}"


class Problems(DataError):
    """A data set has problems: the first 50 are in the message, all in `problems`, by file and line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(problems, key=lambda problem: (problem.file, problem.line or 0, problem.reason))
        count = len(self.problems)
        shown = [f"{count} problem{'s' * (count != 1)} in the data set:", *map(str, self.problems[:_SHOWN])]
        more = [f"and {count - _SHOWN} more"] if count > _SHOWN else []
        super().__init__("\n  ".join(shown + more))


def quote(value: str) -> str:
    """Return a value as it may be printed: control characters escaped, long ones cut."""
    return repr(value) if len(value) <= 80 else f"{value[:60]!r}... ({len(value)} characters)"


def warnings_about(what: str, names: Iterable[str]) -> list[str]:
    """Return one warning that counts and names (the first five of them, sorted), or none where there are no names."""
    names = sorted(names)
    more = ", ..." if len(names) > _NAMED else ""
    return [f"{len(names)} {what}: {', '.join(map(quote, names[:_NAMED]))}{more}"] if names else []
