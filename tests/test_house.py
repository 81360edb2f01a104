"""Rules of the house: which room imports which, what is never done, and one environment however it is installed."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

# Each room may import those after it; evaluation and models are handed what data_prep makes and never import it.
ROOMS = ("recipes", "asc", "evaluation", "models", "data_prep", "common")
FORBIDDEN = {"evaluation": {"data_prep"}, "models": {"data_prep"}}
UNSAFE = {"pickle", "marshal", "shelve", "dill", "joblib", "imp"}


def sources(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            yield node.module or ""


@pytest.mark.parametrize("room", ROOMS)
def test_imports_run_downwards(room: str) -> None:
    below = set(ROOMS[ROOMS.index(room) :]) - FORBIDDEN.get(room, set())
    for file in sources(room):
        for name in imported(file):
            top = name.split(".")[0]
            assert top not in {*ROOMS, "tests", "benchmarks"} - below, f"{file.relative_to(ROOT)} imports {name}"


@pytest.mark.parametrize("room", ROOMS)
def test_no_circles_inside_a_room(room: str) -> None:
    files = {".".join(file.relative_to(ROOT).with_suffix("").parts): file for file in sources(room)}
    graph = {name: {other for other in imported(file) if other in files} for name, file in files.items()}
    while graph:
        leaves = {name for name, others in graph.items() if not others & graph.keys()}
        assert leaves, f"a circle among {sorted(graph)}"
        graph = {name: others for name, others in graph.items() if name not in leaves}


@pytest.mark.parametrize("room", [*ROOMS, "benchmarks"])
def test_nothing_unsafe_is_loaded_or_run(room: str) -> None:
    for file in sources(room):
        where = file.relative_to(ROOT)
        assert not UNSAFE & {name.split(".")[0] for name in imported(file)}, where
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            keywords = {keyword.arg: getattr(keyword.value, "value", None) for keyword in node.keywords}
            assert not (isinstance(node.func, ast.Name) and name in {"eval", "exec"}), where
            assert name not in {"extractall", "unpack_archive"}, where
            assert not keywords.get("shell"), where
            assert not keywords.get("allow_pickle"), where
            if name == "load" and getattr(getattr(node.func, "value", None), "id", "") == "torch":
                assert keywords.get("weights_only") is True, where


def test_files_stay_short() -> None:
    for room in (*ROOMS, "benchmarks"):
        for file in sources(room):
            assert len(file.read_text(encoding="utf-8").splitlines()) <= 300, file.relative_to(ROOT)


def test_every_package_is_installed() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    packages = {file.parent.relative_to(ROOT) for room in ROOMS for file in sources(room) if file.name == "__init__.py"}
    assert sorted(listed) == sorted(".".join(package.parts) for package in packages)


def test_conda_and_pip_install_the_same() -> None:
    text = (ROOT / "environment.yml").read_text()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert re.findall(r"^  - (\S.*)$", text, re.M) == ["conda-forge", "python>=3.11,<3.15", "pip", "pip:"]
    assert re.findall(r"^      - (.*)$", text, re.M) == ["--require-hashes", "-r requirements.lock"]
    assert project["requires-python"] == ">=3.11,<3.15"


def test_the_lock_pins_everything_with_hashes_and_what_the_project_pins() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    entries = re.split(r"\n(?=[a-z])", re.sub(r"^#.*\n", "", lock, flags=re.M))
    pinned = {}
    for entry in filter(str.strip, entries):
        match = re.match(r"([a-z0-9.\-_]+)==(\S+)", entry)
        assert match, entry.splitlines()[0]
        assert "--hash=sha256:" in entry, match[1]
        pinned[match[1]] = match[2]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for requirement in project["dependencies"]:
        name, _, version = requirement.partition("==")
        assert pinned.get(re.split(r"[<>=]", name)[0]), requirement
        assert not version or pinned[name] == version
    assert pinned["lightning"] == "2.6.6"  # 2.6.2 and 2.6.3 on the index were malware; earlier ones load unsafely


def test_no_file_names_a_machine() -> None:
    places = re.compile(r"(?<![\w.])/(?:root|home|work|farm)/")
    for pattern in ("*.py", "*.md", "*.yml", "Makefile", "*.toml", ".ci/run"):
        for file in ROOT.glob(f"**/{pattern}"):
            if not {".venv", "demo", "build"} & set(file.relative_to(ROOT).parts) and file != Path(__file__):
                assert not places.search(file.read_text(encoding="utf-8")), file.relative_to(ROOT)
