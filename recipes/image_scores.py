"""What a figure's runs on images scored: one row a point, the mean over seeds."""

import json
from collections.abc import Sequence
from typing import Any

import pandas as pd

from asc.images.description import ImageRun
from asc.run_folder import RunFolder
from recipes.trained import Trained


def result_of(folder: RunFolder) -> dict[str, Any]:
    """Read what a finished run ended with, see `asc.images.training`."""
    result: dict[str, Any] = json.loads(folder.result_file.read_text(encoding="utf-8"))
    return result


def score_table(trained: Trained, scores: Sequence[str] = ("test_accuracy",)) -> pd.DataFrame:
    """Return one row per point that has a finished run.

    Parameters
    ----------
    trained
        Points are `recipes.images.ImagePoint`.
    scores
        Numbers of the runs' results: accuracies from 0 to 1.

    Returns
    -------
    DataFrame
        Columns series, data, architecture, width, scheme, pruning, kept (weights, NaN where all are), learning_rate,
        parameters (trained), mean and sd (over seeds) of the first score, `<score>` and `<score>_sd` of the others,
        and seeds.
    """
    rows = []
    for point in trained.points:
        run: ImageRun = point.run
        results = pd.DataFrame([result_of(folder) for folder in trained.finished(point)])
        row: dict[str, Any] = {
            "series": point.series,
            "data": run.data.name,
            "architecture": run.network.architecture,
            "width": run.network.width,
            "scheme": run.weights.scheme,
            "pruning": run.weights.pruning or "",
            "kept": sum(run.weights.kept) or float("nan"),
            "learning_rate": run.training.learning_rate,
            "parameters": int(results["parameters"].iloc[0]),
        }
        for number, score in enumerate(scores):
            mean, deviation = ("mean", "sd") if not number else (score, f"{score}_sd")
            row |= {mean: results[score].mean(), deviation: results[score].std()}
        rows.append(row | {"seeds": len(results)})
    return pd.DataFrame(rows)
