"""Section 4: accuracy of networks on their training clips after training on true and on random labels.

Runs: base, W = 32 and 64, D = K = 1, true labels and labels permuted once per seed in the training split only, without
mixup and rolling, 3 seeds: 12 runs (demo: 3 widths, 18 runs). Training accuracy is measured in evaluation mode on the
training clips without augmentation, in the last 10 epochs.
The paper found: W = 32 fits the true labels to 99.99 % and random ones to 85.51 %, W = 64 random ones to 100 %. It does
not say how it augmented these runs, nor on which clips it measured.
"""

import json
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from asc.run_folder import RunFolder
from recipes.accuracies import draw_lines, name_lines, reading, set_ticks
from recipes.command import Recipe, run_recipe
from recipes.koutini2021.grids import memorising
from recipes.scenes import SceneOptions
from recipes.trained import Picture, Trained

PUBLISHED = {("true labels", 32): 0.9999, ("random labels", 32): 0.8551, ("random labels", 64): 1.0}


@dataclass(frozen=True, kw_only=True)
class MemorisationOptions(SceneOptions):
    """MemorisationOptions of the table of training accuracies."""

    widths: tuple[int, ...] = ()
    """Widths W (default: the preset's)."""


def _train_accuracies(folder: RunFolder) -> list[float]:
    return pd.read_csv(folder.metrics_file)["train_accuracy"].dropna().tolist()


def memorisation_table(trained: Trained) -> pd.DataFrame:
    """Return one row per point: labels, width, mean training accuracy and deviations, and the paper's accuracy."""
    rows: list[dict[str, Any]] = []
    for point in trained.points:
        runs = [_train_accuracies(folder) for folder in trained.finished(point)]
        seeds = [float(np.mean(run)) for run in runs]
        result = json.loads(trained.finished(point)[0].result_file.read_text(encoding="utf-8"))
        rows.append(
            {
                "series": point.series,
                "width": point.run.network.width,
                "parameters": result["complexity"]["parameters"],
                "mean": np.mean(seeds),
                "sd": np.std(np.concatenate(runs), ddof=1),
                "sd_seeds": np.std(seeds, ddof=1) if len(seeds) > 1 else np.nan,
                "seeds": len(runs),
                "paper": PUBLISHED.get((point.series, point.run.network.width), np.nan),
            }
        )
    columns = ["series", "width", "parameters", "mean", "sd", "sd_seeds", "seeds", "paper"]
    return pd.DataFrame(rows, columns=columns)


def draw(_options: MemorisationOptions, trained: Trained) -> Picture:
    """Draw training accuracy against width, and print the table."""
    table = memorisation_table(trained)
    figure = Figure(figsize=(4.6, 3.1), layout="constrained")
    axes = figure.subplots()
    draw_lines(axes, table, "width")
    axes.set(xlabel="width W", ylabel="accuracy on the training clips, %")
    name_lines(figure, axes)
    set_ticks(axes, sorted(set(table["width"])), logarithmic=True)
    bars = reading(len(_train_accuracies(folder)) for point in trained.points for folder in trained.finished(point))
    print(table.round(4).to_string(index=False, na_rep="-"), end="\n\n")
    return Picture(figure, table, trained.footer(bars))


RECIPE = Recipe(
    name="koutini2021/table_memorisation",
    about=__doc__,
    options=MemorisationOptions,
    points=lambda options: memorising(options.preset, options.widths),
    draw=draw,
)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
