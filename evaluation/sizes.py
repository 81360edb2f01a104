"""Tables of what networks cost, beside the limits of DCASE's low-complexity task."""

from collections.abc import Mapping, Sequence
from typing import Any

from evaluation.grids import MISSING, Grid
from evaluation.grouping import Configuration

# Task 1 of the DCASE challenges 2022 to 2025: multiply-accumulates for one second, bytes of parameters.
MACS_LIMIT, MEMORY_LIMIT = 30_000_000, 128_000
_PRECISIONS = ("float32", "float16", "int8")
_LIMIT = "DCASE 2022 to 2025, limit"


def _number(value: float | None, unit: float, limit: float = float("inf")) -> str:
    """Return `value` in units, and whether it is over the limit; runs of earlier versions do not say every number."""
    if value is None:
        return MISSING
    digits = 2 if value < 10 * unit else 1
    return f"{value / unit:,.{digits}f}" + " (over)" * (value > limit)


def _count(value: int | None) -> str:
    return MISSING if value is None else f"{value:,}"


def operations_grid(configurations: Sequence[Configuration]) -> Grid:
    """Count parameters and multiply-accumulates of each network."""
    rows = []
    for configuration in configurations:
        size = configuration.complexity
        counts = [_count(size.get(name)) for name in ("parameters", "nonzero_parameters")]
        macs = [_number(size.get(name), 1e6) for name in ("macs", "second_macs")]
        official = _number(size.get("second_mult_adds"), 1e6, MACS_LIMIT)
        rows.append([configuration.label, *counts, *macs, official])
    rows.append([_LIMIT, MISSING, MISSING, MISSING, MISSING, f"{MACS_LIMIT / 1e6:.0f}"])
    headings = ["configuration", "parameters", "non-zero", "MMAC, clip", "MMAC, 1 s", "torchinfo, 1 s"]
    note = (
        "MMAC: million multiply-accumulates of convolutions and matrix products. torchinfo: its total_mult_adds in "
        "millions, batch norm included, the count of the challenge. Zeros are multiplied too. "
        f"{MISSING}: one second is too short for the network, or an earlier version counted and the weights are gone."
    )
    return Grid("Parameters and operations", headings, rows, note)


def _memory(size: Mapping[str, Any], kind: str, limit: float = float("inf")) -> list[str]:
    found = size.get(kind, {})
    return [_number(found.get(precision), 1e3, limit) for precision in _PRECISIONS]


def memory_grid(configurations: Sequence[Configuration]) -> Grid:
    """Tell the bytes of each network's parameters at three precisions, of all and of those that are not zero."""
    rows = [
        [c.label, *_memory(c.complexity, "bytes", MEMORY_LIMIT), *_memory(c.complexity, "nonzero_bytes")]
        for c in configurations
    ]
    rows.append([_LIMIT, *[f"{MEMORY_LIMIT / 1e3:.0f}"] * len(_PRECISIONS), *[MISSING] * len(_PRECISIONS)])
    headings = ["configuration", *(f"{p}, kB" for p in _PRECISIONS), *(f"non-zero {p}, kB" for p in _PRECISIONS)]
    note = (
        "Bytes of the parameters, 1 kB = 1000 bytes. The challenge limits those of all parameters, zeros included, at "
        "the precision that a network computes with. Of non-zero ones: without the positions that a sparse format adds."
    )
    return Grid("Parameter memory", headings, rows, note)


def complexity_grids(configurations: Sequence[Configuration]) -> list[Grid]:
    """Return every table of what the networks cost."""
    return [operations_grid(configurations), memory_grid(configurations)]
