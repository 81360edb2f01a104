"""Lists as spreadsheets, editors and pandas write them: each has one reading, and that is what is read."""

import codecs
import csv
import io
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_prep.tables import Table, read_table

WANTED = {"filename": "", "scene_label": ""}
FRAME = pd.DataFrame(
    {
        "note": ["", "two\nlines", 'a "quote"'],
        "scene_label": ["caf\u00e9", "park", "tram"],
        "filename": ["1.wav", "a, b; c.wav", "3.wav"],
    }
)


def read(tmp_path: Path, data: bytes, optional: tuple[str, ...] = ()) -> Table:
    (tmp_path / "meta.csv").write_bytes(data)
    return read_table(tmp_path, "meta.csv", WANTED, optional)


@pytest.mark.parametrize("delimiter", ["\t", ",", ";"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be-mark"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_what_pandas_writes_is_read(tmp_path: Path, delimiter: str, encoding: str, ends: str, quoting: int) -> None:
    text = io.StringIO()
    FRAME.to_csv(text, index=False, sep=delimiter, lineterminator=ends, quoting=quoting)
    mark = codecs.BOM_UTF16_BE if encoding.endswith("mark") else b""
    table = read(tmp_path, mark + text.getvalue().encode(encoding.removesuffix("-mark")))
    assert table.problems == []
    assert table.columns == ("note", "scene_label", "filename")
    assert [number for number, _ in table.rows] == [2, 3, 5]
    assert [values for _, values in table.rows] == FRAME[["filename", "scene_label"]].to_dict("records")


def test_headers_may_have_capitals_and_spaces_and_rows_be_empty(tmp_path: Path) -> None:
    table = read(tmp_path, b" Filename , Scene_Label,\n1.wav, park,\n\n,,\n2.wav,tram,\n")
    assert table.rows == [
        (2, {"filename": "1.wav", "scene_label": "park"}),
        (5, {"filename": "2.wav", "scene_label": "tram"}),
    ]


def test_old_line_ends_are_read(tmp_path: Path) -> None:
    assert [values["filename"] for _, values in read(tmp_path, b"filename;scene_label\r1.wav;x\r2.wav;y\r").rows] == [
        "1.wav",
        "2.wav",
    ]


def test_one_bad_row_leaves_the_others(tmp_path: Path) -> None:
    lines = ["filename,scene_label", "1.wav,x", '"2.wav,x', '3.wav,"x"y', "4.wav,x", '"5.wav', "6.wav,x"]
    table = read(tmp_path, "\n".join(lines).encode())
    assert [values["filename"] for _, values in table.rows] == ["1.wav", "4.wav", "6.wav"]
    assert [(problem.line, "cannot be split" in problem.reason) for problem in table.problems] == [
        (3, True),
        (4, True),
        (6, True),
    ]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"filename\tscene_label\nx\ty", ""),
        (b"\xff\xfef\0i", "starts as UTF-16 but is not UTF-16"),
        (b"\xff\xfef\0i\0", "header needs the columns"),
        (
            codecs.BOM_UTF16_LE + "filename\tscene_label\n".encode("utf-16-le") + b"\0",
            "starts as UTF-16 but is not UTF-16",
        ),
        (b"filename\tother\nx\ty", "missing: scene_label"),
        (b"filename\tscene_label\tFILENAME\nx\ty\tz", "the column filename is there 2 times"),
        (b"filename\tscene_label\n", "the list has no rows"),
        ("filename\tscene_label\ncaf\u00e9\tx".encode("cp1252"), "save the list as UTF-8"),
    ],
)
def test_what_has_no_one_reading_is_named(tmp_path: Path, data: bytes, reason: str) -> None:
    table = read(tmp_path, data)
    assert [reason in problem.reason for problem in table.problems] == [True] * bool(reason)
    assert len(table.rows) == (not reason)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=100) | st.text(alphabet='a,;\t"\n\r\0\xe9', max_size=60).map(str.encode))
def test_any_bytes_are_read_or_named(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    root = tmp_path_factory.mktemp("lists")
    for content in (data, b"filename;scene_label\n" + data, codecs.BOM_UTF16_LE + data):
        table = read(root, content)
        assert table.rows or table.problems
