"""Epochs, seeds and sizes of the finished runs of a figure, read from their folders."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from asc.run_folder import RunFolder

_SIZES = ("width", "depth", "pointwise_depth")
_MOST = 8  # values that are listed one by one


def _numbers(folder: RunFolder) -> Iterator[tuple[str, Any]]:
    """Yield names and values of epochs, seed and sizes of a run."""
    description = json.loads(folder.description_file.read_text(encoding="utf-8"))
    result = json.loads(folder.result_file.read_text(encoding="utf-8"))
    if "failure" not in result:  # pruning left nothing to train
        yield "epochs", result["epochs"]
    yield "seeds", description["seed"]
    network = description["network"]
    size = dict(network.get("size", network))  # a network of images has its size in pairs
    yield from ((name.replace("_", " "), size[name]) for name in _SIZES if size.get(name) is not None)


def _listed(values: Iterable[float]) -> str:
    """Return values in order; neighbours in a row, or very many, as the first and the last."""
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
