"""Tables as CSV, safe to open in a spreadsheet, and as JSON."""

from typing import Any

import numpy as np
from pandas import DataFrame

_DECIMALS = 6  # finer than the resolution of any number of clips, coarser than rounding errors of sums
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def _safe(value: Any) -> Any:
    """Quote text that a spreadsheet would run as a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def csv_text(table: DataFrame) -> str:
    """Return a table as CSV without its index, with Unix line ends and empty cells for NaN.

    Text that a spreadsheet would run as a formula is quoted.

    Examples
    --------
    >>> print(csv_text(DataFrame({"device": ["a", "=b"], "accuracy": [0.5, float("nan")]})), end="")
    device,accuracy
    a,0.5
    '=b,
    """
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
    """Return the rows of a table as dictionaries of JSON values, None for NaN.

    Examples
    --------
    >>> records(DataFrame({"device": ["a", "b"], "accuracy": [1 / 3, float("nan")]}))
    [{'device': 'a', 'accuracy': 0.333333}, {'device': 'b', 'accuracy': None}]
    """
    return [{str(name): _plain(value) for name, value in row.items()} for row in table.to_dict("records")]
