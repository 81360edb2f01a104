"""Results that are computed once: read the next time, and named where they cannot be."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from asc.kept import kept_arrays, kept_table
from common.errors import RunError


def test_arrays_are_computed_once(tmp_path: Path) -> None:
    arrays = {"x": np.arange(3), "y": np.eye(2)}
    first = kept_arrays(tmp_path / "a.npz", lambda: arrays)
    again = kept_arrays(tmp_path / "a.npz", lambda: pytest.fail("computed again"))
    for found in (first, again):
        assert found.keys() == arrays.keys()
        assert all(np.array_equal(found[name], value) for name, value in arrays.items())


def test_a_table_is_computed_once_and_keeps_its_text(tmp_path: Path) -> None:
    table = pd.DataFrame({"site": ["1", "all"], "share": [0.25, 1.0]})
    first = kept_table(tmp_path / "t.csv", lambda: table, ("site",))
    again = kept_table(tmp_path / "t.csv", lambda: pytest.fail("computed again"), ("site",))
    for found in (first, again):
        pd.testing.assert_frame_equal(found, table)


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut"])
def test_arrays_that_cannot_be_read_are_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(RunError, match=r"a\.npz cannot be read: .*delete it to compute it again"):
        kept_arrays(tmp_path / "a.npz", lambda: pytest.fail("computed again"))


def test_pickled_arrays_are_not_read(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(RunError, match="cannot be read"):
        kept_arrays(tmp_path / "a.npz", lambda: pytest.fail("computed again"))


def test_a_table_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("")
    with pytest.raises(RunError, match=r"t\.csv cannot be read"):
        kept_table(tmp_path / "t.csv", lambda: pytest.fail("computed again"))
