"""Progress where there is no terminal: lines on standard error with rate and time left."""

import re

import pytest

from common import progress as module
from common.progress import progress


def test_lines_say_how_far_how_fast_and_how_long(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    with progress("reading", 100, "clips") as advance:
        advance(50, counts=False)
        for _ in range(5):
            now[0] += 4.0
            advance(10, note="good so far")
    captured = capsys.readouterr()
    assert not captured.out
    lines = captured.err.splitlines()
    # Skipped clips say nothing about the rate: 30 clips in 12 s, 20 to go.
    assert lines[0] == "reading: 80/100 clips, 2.5 clips/s, 0:00:08 left, good so far"
    assert re.match("reading: 100/100 clips, 2.5 clips/s, 0:00:00 left", lines[-1])


def test_a_terminal_gets_a_bar(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress("reading", 4, "clips") as advance:
        advance(1, counts=False)
        advance(3, note="half")
    captured = capsys.readouterr()
    assert "3/3" in captured.err
    assert not captured.out
