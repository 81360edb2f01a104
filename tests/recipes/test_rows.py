"""Rows are computed once, kept one by one, and read back as they were."""

from pathlib import Path

import pytest

from recipes.rows import Row, finished_rows, make_rows

KEYS: list[Row] = [{"kind": kind, "size": size} for kind in ("a", "b") for size in (1, 2)]


def value_of(key: Row) -> Row:
    return {"value": key["size"] / 3, "name": key["kind"] * key["size"]}


def test_rows_are_computed_once_and_come_back_as_they_were(tmp_path: Path) -> None:
    path, seen = tmp_path / "runs" / "rows.csv", []

    def compute(key: Row) -> Row:
        seen.append(key)
        return value_of(key)

    for _ in range(2):
        table = make_rows(path, KEYS, compute, "rows")
        assert table.to_dict("records") == [key | value_of(key) for key in KEYS]
    assert seen == KEYS


def test_what_was_done_before_an_interruption_stays(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"

    def stop_at_third(key: Row) -> Row:
        if key == KEYS[2]:
            raise KeyboardInterrupt
        return value_of(key)

    with pytest.raises(KeyboardInterrupt):
        make_rows(path, KEYS, stop_at_third, "rows")
    assert len(finished_rows(path, KEYS)) == 2
    seen = []
    make_rows(path, KEYS, lambda key: value_of(key) | {"count": seen.append(key)}, "rows")
    assert seen == KEYS[2:]


def test_rows_of_other_keys_are_kept_and_not_returned(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    make_rows(path, KEYS[:2], value_of, "rows")
    table = make_rows(path, KEYS[:0:-1], value_of, "rows")
    assert table["kind"].tolist() == ["b", "b", "a"]
    assert len(finished_rows(path, KEYS)) == 4


def test_nothing_is_finished_where_there_is_no_file(tmp_path: Path) -> None:
    assert finished_rows(tmp_path / "rows.csv", KEYS).empty
