"""Reading tables with tabs, commas or semicolons, quotes, UTF-8 or UTF-16, and columns in any order."""

import codecs
import csv
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from data_prep.problems import Problem, quote

_DELIMITERS = "\t;,"
_LONGEST = 1_000
UNREADABLE = re.compile("[\x00-\x1f\x7f\udc80-\udcff]")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class Table:
    """The valid rows of a table, and the problems of the others.

    Attributes
    ----------
    columns
        Names in the header, in lower case, without surrounding spaces.
    rows
        Line number (from 1) and values by column, of the requested columns that exist.
    problems
        Problems of invalid rows, or of the whole table.
    """

    columns: tuple[str, ...]
    rows: list[tuple[int, dict[str, str]]]
    problems: list[Problem]


def read_table(root: Path, file: str, wanted: Mapping[str, str], optional: Collection[str] = ()) -> Table:
    """Read a table, and report every row that cannot be read unambiguously.

    The text may be UTF-8 with or without a byte order mark, or UTF-16 with one, with any line ends. Fields may be
    quoted. The delimiter is the one (tab, semicolon or comma) with which the header has all required columns. Rows with
    only empty fields are skipped.

    Parameters
    ----------
    root, file
        Folder of the data set, and path of the table in it.
    wanted
        Required columns, each with advice for the case that it is missing ("" to add it).
    optional
        Optional columns; all others are ignored.
    """
    text = _text(root, file)
    if isinstance(text, Problem):
        return Table((), [], [text])
    lines = text.rstrip("\n").split("\n")
    found = [(delimiter, columns) for delimiter in _DELIMITERS if (columns := _header(lines[0], delimiter))]
    fitting = [(delimiter, columns) for delimiter, columns in found if set(wanted) <= set(columns)]
    if not fitting:
        return Table((), [], [Problem(file, 1, _wrong_header(lines[0], wanted, found))])
    delimiter, columns = fitting[0]
    used = {name: columns.index(name) for name in (*wanted, *optional) if name in columns}
    problems = [
        Problem(file, 1, f"the column {name} is there {columns.count(name)} times")
        for name in used
        if columns.count(name) > 1
    ]
    if problems:
        return Table(columns, [], problems)
    rows = []
    for number, fields in _rows(lines, delimiter):
        values = {} if isinstance(fields, str) else {name: fields[at] for name, at in used.items() if at < len(fields)}
        fault = fields if isinstance(fields, str) else _fault(fields, values, len(columns), delimiter)
        if fault:
            problems.append(Problem(file, number, fault))
        else:
            rows.append((number, values))
    return Table(columns, rows, problems if rows or problems else [Problem(file, 1, "the list has no rows")])


def _text(root: Path, file: str) -> str | Problem:
    """Return a file's text with line feeds as line ends; bytes that are not UTF-8 become surrogates."""
    try:
        data = (root / file).read_bytes()
        wide = data.startswith(_UTF16)
        text = data.decode("utf-16") if wide else data.decode("utf-8-sig", "surrogateescape")
    except OSError as error:
        return Problem(file, None, f"cannot be read in {root}: {error.strerror}")
    except UnicodeDecodeError as error:
        return Problem(file, None, f"starts as UTF-16 but is not UTF-16: {error.reason} at byte {error.start}")
    text = text.replace("\r\n", "\n")
    return text if "\n" in text else text.replace("\r", "\n")


def _header(line: str, delimiter: str) -> tuple[str, ...]:
    """Return the column names in `line`, or an empty tuple if it cannot be split by `delimiter`."""
    try:
        return tuple(cell.strip().casefold() for cell in next(csv.reader([line], delimiter=delimiter, strict=True), []))
    except csv.Error:
        return ()


def _wrong_header(line: str, wanted: Mapping[str, str], found: list[tuple[str, tuple[str, ...]]]) -> str:
    best = max((set(wanted) & set(columns) for _, columns in found), key=len, default=set[str]())
    remedies = [f"{name} ({remedy})" if remedy else name for name, remedy in wanted.items() if name not in best]
    missing = f"; missing: {', '.join(remedies)}" if best else ""
    return f"the header needs the columns {', '.join(wanted)}, but is {quote(line)}{missing}"


def _rows(lines: list[str], delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """Yield the number of each row's first line with its fields, or with the reason why it cannot be split."""
    start = 1
    while start < len(lines):
        rest = (lines[number] + "\n" for number in range(start, len(lines)))
        reader = csv.reader(rest, delimiter=delimiter, strict=True, skipinitialspace=delimiter != "\t")
        first = start
        try:
            for fields in reader:
                if any(fields):
                    yield first + 1, fields
                first = start + reader.line_num
            return
        except csv.Error as error:
            yield first + 1, _unsplit(lines[first], delimiter, error)
            start = first + 1


def _unsplit(line: str, delimiter: str, error: csv.Error) -> str:
    if len(line) > _LONGEST:
        return f"a field is too long: {quote(max(line.split(delimiter), key=len))}"
    if UNREADABLE.search(line.replace("\t", "")):
        return _unreadable(line)
    return f"{quote(line)} cannot be split into fields: {error}"


def _unreadable(text: str) -> str:
    return f"{quote(text)} contains bytes that are not UTF-8, or control characters; save the list as UTF-8"


def _fault(fields: list[str], values: dict[str, str], columns: int, delimiter: str) -> str:
    line = delimiter.join(fields)
    if len(fields) != columns:
        unreadable = UNREADABLE.search(line.replace("\t", ""))
        return (
            _unreadable(line)
            if unreadable
            else f"the number of fields is {len(fields)} instead of {columns}: {quote(line)}"
        )
    for value in values.values():
        if len(value) > _LONGEST:
            return f"a field is too long: {quote(value)}"
        if UNREADABLE.search(value):
            return _unreadable(line)
    return ""
