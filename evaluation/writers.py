"""Tables as CSV that is safe to open in a spreadsheet, and as JSON."""

from typing import Any

import numpy as np
from pandas import DataFrame

_DECIMALS = 6  # more than any number of clips can tell, fewer than the order of a sum can change
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def _safe(value: Any) -> Any:
    """Quote text that a spreadsheet would run as a formula; numbers stay numbers."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def csv_text(table: DataFrame) -> str:
    """Return `table` as CSV without its index: UTF-8, Unix line ends, an empty cell where there is no number."""
    cells = table.astype(object).map(_safe).set_axis([_safe(name) for name in table.columns], axis=1)
    for name, kind in zip(cells.columns, table.dtypes, strict=True):
        if kind.kind == "f":
            cells[name] = table.iloc[:, list(cells.columns).index(name)].round(_DECIMALS)
    return cells.to_csv(index=False, lineterminator="\n")


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return round(value, _DECIMALS) if np.isfinite(value) else None
    return value


def records(table: DataFrame) -> list[dict[str, Any]]:
    """Return the rows of `table` as JSON knows them; null where there is no number."""
    return [{str(name): _plain(value) for name, value in row.items()} for row in table.to_dict("records")]
