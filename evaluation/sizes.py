"""Tables of parameters, operations and memory of networks, with the limits of DCASE's low-complexity task."""

from collections.abc import Mapping, Sequence
from typing import Any

from evaluation.grids import MISSING, Grid
from evaluation.grouping import Configuration

# Task 1 of the DCASE challenges 2022 to 2025: multiply-accumulate operations for one second, bytes of parameters.
MACS_LIMIT, MEMORY_LIMIT = 30_000_000, 128_000
_PRECISIONS = ("float32", "float16", "int8")
_LIMIT = "DCASE 2022 to 2025, limit"


def _number(value: float | None, unit: float, limit: float = float("inf")) -> str:
    """Format `value` in multiples of `unit`, and mark it if it is over the limit; None if the run does not hold it."""
    if value is None:
        return MISSING
    digits = 2 if value < 10 * unit else 1
    return f"{value / unit:,.{digits}f}" + " (over)" * (value > limit)


def _count(value: int | None) -> str:
    return MISSING if value is None else f"{value:,}"


def operations_grid(configurations: Sequence[Configuration]) -> Grid:
    """Show parameters and multiply-accumulate operations of each network."""
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
        "MMAC: million multiply-accumulate operations of convolutions and matrix products, for a clip and for one "
        "second; zero weights are included. torchinfo: total_mult_adds of torchinfo in millions, which includes batch "
        f"norm and is the count of the challenge. {MISSING}: one second is too short for the network."
    )
    return Grid("Parameters and operations", headings, rows, note)


def _memory(size: Mapping[str, Any], kind: str, limit: float = float("inf")) -> list[str]:
    found = size.get(kind, {})
    return [_number(found.get(precision), 1e3, limit) for precision in _PRECISIONS]


def memory_grid(configurations: Sequence[Configuration]) -> Grid:
    """Show the size of all and of non-zero parameters of each network at three precisions."""
    rows = [
        [c.label, *_memory(c.complexity, "bytes", MEMORY_LIMIT), *_memory(c.complexity, "nonzero_bytes")]
        for c in configurations
    ]
    rows.append([_LIMIT, *[f"{MEMORY_LIMIT / 1e3:.0f}"] * len(_PRECISIONS), *[MISSING] * len(_PRECISIONS)])
    headings = ["configuration", *(f"{p}, kB" for p in _PRECISIONS), *(f"non-zero {p}, kB" for p in _PRECISIONS)]
    note = (
        "Size of the parameters, 1 kB = 1000 bytes. The challenge limits the size of all parameters, zeros included, "
        "at the precision used for inference. The size of non-zero parameters excludes the indices of a sparse format."
    )
    return Grid("Parameter memory", headings, rows, note)


def complexity_grids(configurations: Sequence[Configuration]) -> list[Grid]:
    """Show parameters, operations and memory of the networks."""
    return [operations_grid(configurations), memory_grid(configurations)]
