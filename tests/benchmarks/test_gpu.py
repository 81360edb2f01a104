"""The check on a GPU, gone through on the CPU: every part, what fails, what no time is left for, and its page."""

import math
from pathlib import Path

import pytest

from benchmarks.gpu import __main__ as command
from benchmarks.gpu.page import NEVER, page, targets
from benchmarks.gpu.parts import Part, run_parts
from benchmarks.gpu.speed import AUTOCAST, OURS, PEERS, Speed
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "gpu.md"


def speed(width: int, loop: str, clips: float, share: float = 0.1, busy: float = 0.5) -> Speed:
    return Speed(width=width, loop=loop, clips=clips, share=share, memory=math.nan, busy=busy)


def test_every_part_runs_on_the_cpu_and_the_page_of_the_docs_is_left_alone(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = PAGE.read_bytes()
    code = command.main(["--device", "cpu", "--tiny", "--out", str(tmp_path)])
    captured = capfd.readouterr()
    assert code == 0, captured.err
    assert captured.out.splitlines()[-1] == str(tmp_path / "gpu.md")
    text = (tmp_path / "gpu.md").read_text(encoding="utf-8")
    assert PAGE.read_bytes() == before
    assert text.count("the weights differ by 0 |") == 6
    assert text.count("| passed |") == 14
    assert "| failed |" not in text
    rows = [line.split("|")[2].strip() for line in text.splitlines() if line.startswith("| 4 |")]
    assert rows == [OURS, *PEERS]


@pytest.mark.parametrize(("options", "reason"), [(["--device", "cpu"], "out"), (["--tiny"], "accelerator")])
def test_what_must_not_be_in_the_docs_is_refused(
    options: list[str], reason: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    before = PAGE.read_bytes()
    assert command.main(options) == 1
    assert capsys.readouterr().err.startswith(f"error: {reason} = ")
    assert PAGE.read_bytes() == before


def test_a_part_fails_alone_and_none_is_begun_that_might_not_end() -> None:
    def fail() -> str:
        raise RuntimeError("no such kernel\nat some place")

    parts = [
        Part(name="first", run=lambda: "well"),
        Part(name="broken", run=fail),
        Part(name="long", run=lambda: pytest.fail("begun"), needs=1e6),
        Part(name="last", run=lambda: "well too"),
    ]
    outcomes = run_parts(parts, budget=60)
    assert [(one.state, one.said) for one in outcomes if one.name != "long"] == [
        ("passed", "well"),
        ("failed", "RuntimeError: no such kernel"),
        ("passed", "well too"),
    ]
    assert outcomes[2].state == "left out"


def test_a_failure_is_the_exit_code_after_the_page_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("runs", "images"):
        monkeypatch.setattr(getattr(command, name), "parts", lambda _: [])
    monkeypatch.setattr(command.speed, "parts", lambda *_: [Part(name="speed", run=lambda: str(1 / 0))])
    monkeypatch.setattr(command, "prepared_noise", lambda *_, **__: None)
    assert command.main(["--device", "cpu", "--tiny", "--out", str(tmp_path)]) == 1
    assert "1 of 1 parts failed: speed" in capsys.readouterr().err
    assert "| speed | failed | ZeroDivisionError" in (tmp_path / "gpu.md").read_text(encoding="utf-8")


def test_targets() -> None:
    found = [speed(32, OURS, 3100), speed(32, AUTOCAST, 1000), speed(64, OURS, 1), speed(256, OURS, 9, share=0.49)]
    narrow, wide = targets(found)
    assert "3.10 times" in narrow
    assert narrow.endswith("; reached.")
    assert "49.0%" in wide
    assert wide.endswith("not reached.")
    assert targets([]) == ["- Not measured."]


@pytest.mark.parametrize(
    ("share", "busy", "limit"),
    [(0.6, 0.99, "arithmetic"), (0.2, 0.99, "memory"), (0.6, 0.5, "processor"), (0.1, math.nan, "not measured")],
)
def test_what_limits(share: float, busy: float, limit: str) -> None:
    assert limit in speed(32, OURS, 1, share=share, busy=busy).limit


def test_the_page_of_the_docs_says_what_the_check_does_and_whether_it_was_run() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text.startswith(page("").rstrip())
    assert text == page(NEVER) or "torch" in text.split("## Results")[1]
