"""Progress on standard error with rate and remaining time: a bar in a terminal, occasional lines otherwise."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text


class Advance(Protocol):
    """Function that advances a progress display."""

    def __call__(self, units: int = 1, *, counts: bool = True, note: str = "") -> None:
        """Advance by `units`; skipped units (`counts` false) do not affect the rate. `note` is shown beside them."""


class _Rate(ProgressColumn):
    def __init__(self, unit: str) -> None:
        super().__init__()
        self.unit = unit

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or 0.0:.1f} {self.unit}/s")


class _Lines:
    """Prints a line every `period` seconds, for logs and pipes."""

    def __init__(self, title: str, total: int, unit: str, period: float = 10.0) -> None:
        self.title, self.total, self.unit, self.period = title, total, unit, period
        self.done = self.counted = 0
        self.note = ""
        self.start = self.last = time.monotonic()

    def __call__(self, units: int = 1, *, counts: bool = True, note: str = "") -> None:
        self.done += units
        self.note = note or self.note
        self.counted += units if counts else 0
        now = time.monotonic()
        if now - self.last >= self.period or self.done >= self.total:
            self.last = now
            rate = self.counted / max(now - self.start, 1e-9)
            to_do = self.total - self.done
            left = timedelta(seconds=round(to_do / rate) if rate else 0) if rate or not to_do else "unknown"
            line = f"{self.title}: {self.done}/{self.total} {self.unit}, {rate:.1f} {self.unit}/s, {left} left"
            print(f"{line}, {self.note}" if self.note else line, file=sys.stderr, flush=True)


@contextmanager
def progress(title: str, total: int, unit: str) -> Iterator[Advance]:
    """Show the progress of `total` units of work; yield the function that advances it."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Lines(title, total, unit)
        return
    numbers = (MofNCompleteColumn(), _Rate(unit), TimeRemainingColumn(), TextColumn("{task.fields[note]}"))
    with Progress(TextColumn(title), BarColumn(), *numbers, console=console) as bar:
        task = bar.add_task(title, total=total, note="")

        def advance(units: int = 1, *, counts: bool = True, note: str = "") -> None:
            if note:
                bar.update(task, note=note)
            if counts:
                bar.advance(task, units)
            else:
                bar.update(task, total=(bar.tasks[task].total or 0) - units)

        yield advance
