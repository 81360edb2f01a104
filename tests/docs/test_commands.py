"""Every command that README, Makefile and docs show is parsed, without being run, and every option they name exists."""

import io
import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import tyro

from asc.augmentations.registry import AUGMENTATIONS
from asc.options import options_type
from models.registry import NETWORKS
from models.weights.schemes import SCHEMES
from recipes.command import run_recipe
from recipes.registry import all_recipes, recipe_of
from tests.conftest import ROOT

OPTION = re.compile(r"(?<![\w-])--[a-z][a-z0-9.-]*[a-z0-9]")
PAGES = [ROOT / "README.md", ROOT / "Makefile", *sorted((ROOT / "docs").glob("*.md"))]
COMMAND = re.compile(r"python (?:-m (?:asc|recipes|benchmarks\.)|recipes/).*")
FOREIGN = {"--help", "--shm-size", "--no-deps"}  # of the parser and of other programs
INVENTED = {"--stages", "--band-mask.share"}  # of entries that pages tell how to write
# Required options, which are filled in where a page shows a part of a command.
REQUIRED = ("data", "runs", "out")
# Of commands that are not whole, or name what a page tells how to write.
PLACEHOLDERS = ("...", "<", "/mine", "plain-cnn", "band-mask")
PACKAGES = ("recipes", "benchmarks.gpu")
# Programs whose options do not depend on the arguments.
PROGRAMS = (
    *("asc.prepare", "asc.evaluate", "asc.overview", "asc.erf"),
    *("recipes.paper_costs", "recipes.golubeva2021.kernels_page", "benchmarks.gpu.__main__"),
)


class Parsed(Exception):
    """Raised in place of running a command, with its options."""


def lines_of(page: Path) -> Iterator[str]:
    """Return the lines of code blocks, continued lines as one, without comments and variables of make."""
    text = page.read_text(encoding="utf-8").replace("$(RUN)", "python -m").replace("$(DEMO)", "demo")
    for line in re.sub(r"\\\n\s+", "", text).splitlines():
        if line.startswith(("    ", "\t")):
            yield line.partition("  #")[0].strip()


def spans_of(page: Path) -> Iterator[str]:
    """Return what stands in backticks, which may go over the end of a line."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    for span in re.findall(r"`([^`]+)`", text):
        yield " ".join(span.split())


def commands(found: Iterator[str]) -> list[str]:
    """Return the commands among lines or spans that are whole and not about a figure of the reader's own."""
    matches = [match[0] for text in found if (match := COMMAND.search(text))]
    return [command for command in matches if not any(part in command for part in PLACEHOLDERS)]


WHOLE = sorted({command for page in PAGES for command in commands(lines_of(page))})
# A span without arguments names a program.
PARTIAL = sorted({command for page in PAGES for command in commands(spans_of(page)) if command.count(" ") > 2})


def _raise_parsed(options: Any, _command: object, arguments: list[str], **_about: object) -> int:
    raise Parsed(tyro.cli(options, args=arguments))


def _raise_parsed_part(options: Any, _command: object, arguments: list[str], **_about: object) -> int:
    absent = [name for name in REQUIRED if name in options.__dataclass_fields__ and f"--{name}" not in arguments]
    raise Parsed(tyro.cli(options, args=[*arguments, *(f"--{name}=PATH" for name in absent)]))


def run(command: str, run_command: Callable[..., int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the main function of a command, but with this in place of `run_command`."""
    monkeypatch.setattr("recipes.command.run_command", run_command)
    words = shlex.split(command)[1:]
    name, *arguments = words[words[0] == "-m" :]
    if name.startswith("recipes/"):
        assert (ROOT / name).is_file()
        name = name.removesuffix(".py")
        if name.removeprefix("recipes/") in all_recipes():
            run_recipe(recipe_of(name.removeprefix("recipes/")), arguments)
    module = import_module(f"{name}.__main__" if name in PACKAGES else name.replace("/", "."))
    monkeypatch.setattr(module, "run_command", run_command)
    module.main(arguments)


def test_commands_are_found() -> None:
    assert len(WHOLE) > 30
    assert len(PARTIAL) > 3
    assert "python -m asc.train --data demo/prepared --preset demo --width 32 --runs demo/runs" in WHOLE


@pytest.mark.parametrize("command", WHOLE)
def test_a_command_is_parsed(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Parsed):
        run(command, _raise_parsed, monkeypatch)


@pytest.mark.parametrize("command", PARTIAL)
def test_a_part_of_a_command_is_parsed(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Parsed):
        run(command.replace("--workers N", "--workers 4"), _raise_parsed_part, monkeypatch)


@pytest.fixture(scope="module")
def known_options() -> frozenset[str]:
    """Return every option of every command."""
    entries = ["--weights", *(each.kind for each in SCHEMES), "--augmentations", *(each.kind for each in AUGMENTATIONS)]
    types: list[type[Any]] = [options_type(["--network", network.kind, *entries]) for network in NETWORKS]
    types += [options_type(["--images", "mnist"])]
    types += dict.fromkeys(recipe.options for recipe in all_recipes().values())
    for name in PROGRAMS:
        module = import_module(name)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(module, "run_command", lambda options, *_: types.append(options))
            module.main([])
    return frozenset(name for options in types for name in _options_in_help(options))


def _options_in_help(options: type[Any]) -> Iterator[str]:
    shown = io.StringIO()
    with redirect_stdout(shown), suppress(SystemExit):
        tyro.cli(options, args=["--help"])
    for line in re.findall(r"^[│ ]*(--\S.*)$", shown.getvalue(), re.MULTILINE):
        yield from re.findall(OPTION, line)


@pytest.mark.parametrize("page", PAGES[:1] + PAGES[2:], ids=lambda page: page.name)
def test_every_option_that_a_page_names_exists(page: Path, known_options: frozenset[str]) -> None:
    text = re.sub(r"\\\n\s+", "", page.read_text(encoding="utf-8"))
    assert set(re.findall(OPTION, text)) - FOREIGN - INVENTED <= known_options
