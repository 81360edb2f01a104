"""Files, modules and links that README and docs name exist."""

import re
from pathlib import Path
from pkgutil import resolve_name

import pytest

from tests.conftest import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
ROOMS = "asc|common|data_prep|evaluation|models|recipes|benchmarks"
# Files that a page tells how to write.
INVENTED = {"recipes/mine/few_weights.py", "models/audio/plain_cnn.py", "asc/augmentations/band_mask.py"}


def named(pattern: str, page: Path) -> set[str]:
    return set(re.findall(pattern, page.read_text(encoding="utf-8")))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_and_links_exist(page: Path) -> None:
    files = named(rf"`((?:{ROOMS}|tests|docs|findings)/[\w/.-]+)`", page) - INVENTED
    assert [file for file in sorted(files) if not (ROOT / file).exists()] == []
    links = named(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page)
    assert [link for link in sorted(links) if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_modules_and_their_contents_exist(page: Path) -> None:
    for name in sorted(named(rf"`((?:{ROOMS})(?:\.\w+)+)`", page)):
        resolve_name(name)
