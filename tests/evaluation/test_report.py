"""The report: self-contained, escaped, safe in a spreadsheet, and the same bytes from the same runs."""

import csv
import io
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from evaluation import accuracy, bootstrap
from evaluation.bootstrap import Bootstrap
from evaluation.document import lay_out
from evaluation.grouping import Configuration
from evaluation.report import make_report
from evaluation.report_files import write_report
from evaluation.text import document_text
from evaluation.writers import csv_text, records
from tests.evaluation.fake_runs import configuration, fake_clips

QUICK = Bootstrap(replicates=200)
EVIL = {"<script>alert(1)</script>": "reference", "=cmd|' /C calc'!A0": "real", "@s": "simulated"}
SCENES = ("+bus", "<img src=x onerror=alert(1)>", "park & ride")


def evil_clips() -> pd.DataFrame:
    clips = fake_clips(scenes=SCENES, devices=EVIL, locations=1)
    return clips.assign(seen=clips.kind == "reference")


def write(configurations: list[Configuration], title: str, folder: Path) -> None:
    report = make_report(configurations, title, QUICK)
    write_report(report, lay_out(report), folder)


class Page(HTMLParser):
    """Collects what a page loads, its text, and whether its elements are closed in order."""

    VOID = ("meta", "img")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.open: list[str] = []
        self.tags: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "data")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    runs = [
        configuration("base-x-1", evil_clips()),
        configuration("damped-x-2", evil_clips(), damping=0.1, weakness=0.5),
    ]
    write(runs, "A <title> & more", folder)
    return folder


def test_everything_promised_is_there(folder: Path) -> None:
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*.*")}
    tables = {"headline", "devices", "classes", "cities", "differences"}
    tables |= {f"confusion-{name}-{part}" for name in ("base-x-1", "damped-x-2") for part in ("seen", "unseen")}
    drawn = {"accuracy-by-device-base-x-1", "learning-curves-base-x-1", "one-recording-base-x-1"}
    drawn |= {"confusion-base-x-1", "confusion-damped-x-2"}
    plots = {f"plots/{name}.{form}" for name in drawn for form in ("png", "svg")}
    assert names == {"report.html", "report.json"} | {f"{name}.csv" for name in tables} | plots


def test_the_page_loads_nothing_and_is_well_formed(folder: Path) -> None:
    text = (folder / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.open == []
    assert len(page.loads) == page.tags.count("img") == 5
    assert all(source.startswith("data:image/svg+xml;base64,") for source in page.loads)
    assert "http://" not in text
    assert "https://" not in text
    assert "@import" not in text
    assert "url(" not in text


def test_sentences_tables_plots_and_files_compute_no_accuracy_and_no_interval(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips = fake_clips(scenes=("bus", "park"), locations=1)
    runs = [configuration(f"{name}-x-1", clips, seeds=(0, 1)) for name in ("base", "damped")]
    report = make_report(runs, "one pass", QUICK)
    for module, name in ((accuracy, "membership"), (accuracy, "confusion"), (bootstrap, "_unit_variance")):
        monkeypatch.setattr(module, name, lambda *_: pytest.fail("computed again"))
    document = lay_out(report)
    write_report(report, document, tmp_path)
    assert "Difference: damped-x minus base-x" in document_text(document)


def test_names_are_text_never_markup(folder: Path) -> None:
    page = Page((folder / "report.html").read_text(encoding="utf-8"))
    assert "script" not in page.tags
    for name in (*EVIL, *SCENES, "A <title> & more"):
        assert name in page.text


@pytest.mark.parametrize("name", ["devices", "classes", "confusion-base-x-1-seen"])
def test_no_cell_is_a_formula(folder: Path, name: str) -> None:
    rows = list(csv.reader(io.StringIO((folder / f"{name}.csv").read_text(encoding="utf-8"))))
    for cell in (cell for row in rows for cell in row if cell[:1] in ("=", "+", "-", "@")):
        float(cell)
    text = "".join(cell for row in rows for cell in row)
    assert ("'=cmd" in text and "'@s" in text) or "'+bus" in text


def test_text_is_quoted_and_numbers_are_not() -> None:
    table = pd.DataFrame({"=name": ["-x", "\tx", "fine"], "value": [-1.5, float("nan"), 1 / 3], "count": [-1, 0, 1]})
    assert csv_text(table) == "'=name,value,count\n'-x,-1.5,-1\n'\tx,,0\nfine,0.333333,1\n"


def test_json_is_strict_and_says_what_the_tables_say(folder: Path) -> None:
    text = (folder / "report.json").read_text(encoding="utf-8")
    value = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    headline = pd.read_csv(folder / "headline.csv")
    assert [row["unseen"] for row in value["tables"]["headline"]] == list(headline.unseen)
    assert value["configurations"][1]["description"]["weights"] == [{"kind": "damped", "edge": 0.1}]
    assert records(pd.DataFrame({"x": [float("nan"), 2.0]})) == [{"x": None}, {"x": 2.0}]


def test_rows_in_another_order_and_another_time_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    runs = [
        configuration("base-x-1", evil_clips()),
        configuration("damped-x-2", evil_clips(), damping=0.1, weakness=0.5),
    ]
    mixed = [type(c)(**vars(c) | {"scored": c.scored.sample(frac=1, random_state=1)}) for c in runs]
    write(mixed, "A <title> & more", tmp_path)
    files = [path.relative_to(folder) for path in sorted(folder.rglob("*.*"))]
    assert [path.relative_to(tmp_path) for path in sorted(tmp_path.rglob("*.*"))] == files
    for path in files:
        assert (folder / path).read_bytes() == (tmp_path / path).read_bytes(), path


def test_a_second_report_leaves_nothing_of_the_first(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    (tmp_path / "mine.csv").write_text("kept")
    clips = fake_clips(scenes=("bus", "park"), locations=1)
    write([configuration("base-x-1", clips)], "one", tmp_path)
    assert not (tmp_path / "differences.csv").exists()
    assert not [path for path in tmp_path.rglob("*") if "damped" in path.name]
    assert (tmp_path / "mine.csv").read_text() == "kept"


def test_configurations_on_different_clips_stand_side_by_side_without_differences(tmp_path: Path) -> None:
    clips = fake_clips(scenes=("bus", "park"), locations=1)
    runs = [configuration("base-x-1", clips), configuration("fewer-x-2", clips[clips.city != "lyon"])]
    write(runs, "two", tmp_path)
    assert not (tmp_path / "differences.csv").exists()
    assert len(list((tmp_path / "plots").glob("accuracy-by-device-*.svg"))) == 2
    assert Page((tmp_path / "report.html").read_text(encoding="utf-8")).text.count("Made from") == 2


def test_devices_all_seen_leave_empty_places_in_the_report(tmp_path: Path) -> None:
    clips = fake_clips(scenes=("bus", "park"), locations=1).assign(seen=True)
    write([configuration("all-x-1", clips)], "all seen", tmp_path)
    assert pd.read_csv(tmp_path / "headline.csv").unseen.isna().all()
    assert not (tmp_path / "confusion-all-x-1-unseen.csv").exists()
    assert not re.search(r"\bnan\b", Page((tmp_path / "report.html").read_text(encoding="utf-8")).text)
