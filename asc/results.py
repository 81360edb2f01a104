"""Read finished runs: every file is checked, and the seeds of one configuration are combined."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pandas as pd
import pyarrow
from pandas import DataFrame

from asc.run_folder import RunFolder, finished_runs
from common.errors import DataError, RunError
from evaluation.grouping import Configuration, Example, short_labels
from evaluation.predictions import check_predictions, scene_names, score

_UNREADABLE = (OSError, EOFError, ValueError, KeyError, BadZipFile, pyarrow.ArrowException, DataError)


def read_configurations(paths: Sequence[Path]) -> list[Configuration]:
    """Read the finished runs at `paths`, grouped into configurations in the order given.

    Unfinished runs are named on standard error and left out.

    Parameters
    ----------
    paths
        Runs (`seed-<n>`), configurations (`<name>-<hash>`) or folders of configurations.

    Raises
    ------
    RunError
        If no run is finished, a file is missing or invalid, or two runs have the same configuration and seed.
    """
    done: dict[str, list[RunFolder]] = {}
    for run in finished_runs(paths):
        done.setdefault(run.path.resolve().parent.name, []).append(run)
    labels = short_labels(list(done))
    return [_configuration(name, label, done[name]) for name, label in zip(done, labels, strict=True)]


def _configuration(name: str, label: str, runs: list[RunFolder]) -> Configuration:
    found: dict[int, RunFolder] = {}
    scored, metrics, scenes = [], [], set()
    for run in runs:
        seed = _json(run.description_file, "seed")["seed"]
        if seed in found:
            raise RunError(f"{run.path} and {found[seed].path} are both seed {seed} of {name}; name one of them")
        found[seed] = run
        table = _predictions(run)
        scenes.add(scene_names(table))
        scored.append(score(table).assign(seed=seed))
        metrics.append(_metrics(run).assign(seed=seed))
    first = found[min(found)]
    settings = {key: value for key, value in _json(first.description_file).items() if key != "seed"}
    if len(scenes) > 1:
        raise RunError(f"the runs of {name} do not know the same scenes")
    return Configuration(
        name=name,
        label=label,
        scenes=scenes.pop(),
        description=settings,
        complexity=_json(first.result_file, "complexity")["complexity"],
        scored=pd.concat(scored, ignore_index=True),
        metrics=pd.concat(metrics, ignore_index=True),
        example=_example(first) if first.example_file.is_file() else None,
    )


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Raise a RunError that names the file and a remedy if reading it fails."""
    try:
        yield
    except _UNREADABLE as error:
        fault = {FileNotFoundError: "no such file", KeyError: f"there is no {error}"}.get(type(error), str(error))
        raise RunError(f"{path}: {fault}; move the run's folder away and train it again") from error


def _json(path: Path, *names: str) -> dict[str, Any]:
    """Read a JSON object and check that it has these names."""
    with _reading(path):
        value: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        for name in names:
            value[name]
        return value


def _predictions(run: RunFolder) -> DataFrame:
    """Read and check the predictions of the last epochs."""
    result = _json(run.result_file, "epochs", "score_epochs")
    with _reading(run.split_file):
        split = pd.read_csv(run.split_file, dtype=str, keep_default_na=False)
        test_clips = split["clip"][split["part"] == "test"]
    tables = []
    for epoch in range(result["epochs"] - result["score_epochs"], result["epochs"]):
        path = run.predictions_file(epoch)
        with _reading(path):
            table = pd.read_parquet(path)
            check_predictions(table, test_clips)
            if set(table.epoch) != {epoch}:
                raise DataError(f"holds epoch {sorted(set(table.epoch))}")
            tables.append(table)
    return pd.concat(tables, ignore_index=True)


def _metrics(run: RunFolder) -> DataFrame:
    with _reading(run.metrics_file):
        metrics = pd.read_csv(run.metrics_file)
        return metrics[["epoch", "train_loss", "seen_accuracy", "unseen_accuracy"]]


def _example(run: RunFolder) -> Example:
    with _reading(run.example_file), np.load(run.example_file, allow_pickle=False) as file:
        texts = {name: str(file[name]) for name in ("recording", "seen_device", "unseen_device")}
        numbers = {name: float(file[name]) for name in ("seconds", "fmax", "fmin") if name in file}
        return Example(**texts, **numbers, seen=file["seen"], unseen=file["unseen"])  # type: ignore[arg-type]
