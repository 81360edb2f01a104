"""Problems of a data set: identified by file and line, collected, and reported together."""

from collections.abc import Iterable
from dataclasses import dataclass

from common.errors import DataError

_SHOWN = 50
_NAMED = 5


@dataclass(frozen=True)
class Problem:
    """A problem of a data set.

    Attributes
    ----------
    file
        List or recording, relative to the data set's folder.
    line
        Line of the list, from 1; None if the problem is not about a line.
    reason
        The value found, and the expected one.

    Examples
    --------
    >>> print(Problem("meta.csv", 3, "the file name is empty"))
    meta.csv:3: the file name is empty
    """

    file: str
    line: int | None
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}" if self.line else f"{self.file}: {self.reason}"


class Problems(DataError):
    """Error with all problems of a data set, sorted by file and line; the message lists the first 50."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(problems, key=lambda problem: (problem.file, problem.line or 0, problem.reason))
        count = len(self.problems)
        shown = [f"{count} problem{'s' * (count != 1)} in the data set:", *map(str, self.problems[:_SHOWN])]
        more = [f"and {count - _SHOWN} more"] if count > _SHOWN else []
        super().__init__("\n  ".join(shown + more))


def quote(value: str) -> str:
    """Return a value in quotes for printing, with control characters escaped and long values cut."""
    return repr(value) if len(value) <= 80 else f"{value[:60]!r}... ({len(value)} characters)"


def warnings_about(what: str, names: Iterable[str]) -> list[str]:
    """Return a warning with the number of names, `what`, and the first five names; an empty list without names.

    Examples
    --------
    >>> warnings_about("files are not used", ["b.wav", "a.wav"])
    ["2 files are not used: 'a.wav', 'b.wav'"]
    """
    names = sorted(names)
    more = ", ..." if len(names) > _NAMED else ""
    return [f"{len(names)} {what}: {', '.join(map(quote, names[:_NAMED]))}{more}"] if names else []
