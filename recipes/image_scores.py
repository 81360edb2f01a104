"""What a figure's runs on images scored: one row a point, the mean over seeds."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from asc.run import Run
from asc.run_folder import RunFolder
from common.errors import RunError
from models.network import NetworkSettings
from models.weights.pruned import PrunedAtStart
from models.weights.schemes import find_scheme, kept_weights
from recipes.trained import Trained


def result_of(folder: RunFolder) -> dict[str, Any]:
    """Read what a finished run ended with, see `asc.members`."""
    result: dict[str, Any] = json.loads(folder.result_file.read_text(encoding="utf-8"))
    return result


def best_rates(trained: Trained) -> list[Any]:
    """Return, of the points of each series and network, the one whose runs do best on validation examples on average.

    Points differ in their learning rate; where two do equally well, the smaller one's is returned.
    """
    best: dict[tuple[str, NetworkSettings], tuple[tuple[float, float], Any]] = {}
    for point in trained.points:
        scores = [result_of(folder).get("validation_accuracy") for folder in trained.finished(point)]
        score = float(np.mean([score for score in scores if score is not None] or [0.0]))
        key, rank = (point.series, point.run.network), (score, -point.run.training.learning_rate)
        if key not in best or rank > best[key][0]:
            best[key] = rank, point
    return [point for _, point in best.values()]


def score_table(trained: Trained, scores: Sequence[str] = ("test_accuracy",)) -> pd.DataFrame:
    """Return one row per point that has a finished run.

    Parameters
    ----------
    trained
        Points are `recipes.points.Point`.
    scores
        Numbers of the runs' results: accuracies from 0 to 1.

    Returns
    -------
    DataFrame
        Columns series, data, architecture, width, scheme, pruning, kept (weights, NaN where all are), learning_rate,
        parameters (trained), mean and sd (over seeds) of the first score, `<score>` and `<score>_sd` of the others,
        seeds, and failed: for how many of them pruning left nothing to train, which have no score.

    Raises
    ------
    RunError
        If no run is finished.
    """
    if not trained.points:
        raise RunError("none of this figure's runs is finished; run it without --plot-only")
    rows = []
    for point in trained.points:
        run: Run = point.run
        pruned = find_scheme(run.weights, PrunedAtStart)
        found = [result_of(folder) for folder in trained.finished(point)]
        results = pd.DataFrame(found, columns=[*scores, "parameters", "failure"])
        row: dict[str, Any] = {
            "series": point.series,
            "data": run.data.name,
            "architecture": run.network.kind,
            "width": run.network.width,
            "scheme": "-".join(scheme.kind for scheme in run.weights) or "dense",
            "pruning": pruned.method if isinstance(pruned, PrunedAtStart) else "",
            "kept": kept_weights(run.weights, run.network) or float("nan"),
            "learning_rate": run.training.learning_rate,
            "parameters": results["parameters"].max(),
        }
        for number, score in enumerate(scores):
            mean, deviation = ("mean", "sd") if not number else (score, f"{score}_sd")
            row |= {mean: results[score].mean(), deviation: results[score].std()}
        rows.append(row | {"seeds": len(results), "failed": int(results["failure"].notna().sum())})
    return pd.DataFrame(rows)
