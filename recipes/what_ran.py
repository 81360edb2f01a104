"""Epochs, seeds and sizes of the finished runs of a figure, read from their folders."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from asc.run_folder import RunFolder

_SIZES = ("width", "depth", "pointwise_depth")
_MOST = 8  # values that are listed one by one


def _numbers(folder: RunFolder) -> Iterator[tuple[str, Any]]:
    """Yield the names and values of a run's epochs, seed and sizes."""
    description = json.loads(folder.description_file.read_text(encoding="utf-8"))
    result = json.loads(folder.result_file.read_text(encoding="utf-8"))
    if "failure" not in result:  # pruning left nothing to train
        yield "epochs", result["epochs"]
    yield "seeds", description["seed"]
    size = description["network"]
    yield from ((name.replace("_", " "), size[name]) for name in _SIZES if size.get(name) is not None)


def _listed(values: Iterable[float]) -> str:
    """Return sorted values as text; consecutive or very many values as a range."""
    ordered = sorted(values)
    in_a_row = len(ordered) > 2 and ordered == list(range(int(ordered[0]), int(ordered[0]) + len(ordered)))
    if in_a_row or len(ordered) > _MOST:
        return f"{ordered[0]:g} to {ordered[-1]:g}"
    return ", ".join(f"{value:g}" for value in ordered)


def what_ran(folders: Iterable[RunFolder]) -> str:
    """Return a phrase such as `epochs 50; seeds 0 to 2; width 8, 16, 32; depth 1; pointwise depth 1`.

    Parameters
    ----------
    folders
        Finished runs, on acoustic scenes or on images.
    """
    found: dict[str, set[float]] = {}
    for folder in folders:
        for name, value in _numbers(folder):
            found.setdefault(name, set()).add(value)
    return "; ".join(f"{name} {_listed(values)}" for name, values in found.items())
