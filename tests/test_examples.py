"""The examples in docstrings run and print what they show."""

import doctest
import importlib
import re
from pathlib import Path

import pytest

from tests.conftest import ROOT

ROOMS = ("recipes", "asc", "evaluation", "models", "data_prep", "common")


def modules_with_examples(room: str) -> list[str]:
    """Return the modules of a room whose docstrings hold an example, found without importing the others."""
    files = sorted((ROOT / room).rglob("*.py"))
    files = [file for file in files if re.search(r"^ *>>> ", file.read_text(encoding="utf-8"), re.M)]
    return [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files]


@pytest.mark.parametrize("name", [name for room in ROOMS for name in modules_with_examples(room)])
def test_examples_print_what_they_show(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert found.attempted > 0
    assert found.failed == 0
