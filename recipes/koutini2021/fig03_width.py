"""Figure 3: accuracy against width, base and damped, on unseen devices (left) and on the seen one (right).

Runs: W in {32, 64, 128, 192, 256, 384, 512}, D = K = 1, base and damped, 3 seeds: 42 runs (demo: 3 widths, 18 runs).
The paper found: W = 512 is about 10 points above W = 32 on unseen devices, for both networks; on the seen device
nothing is gained past W = 128; damped is above base at every width.

    python recipes/koutini2021/fig03_width.py --data PREPARED --preset paper --runs RUNS --out FIGURES
"""

import sys
from dataclasses import dataclass

from recipes.accuracies import accuracy_lines
from recipes.command import Recipe, run_recipe
from recipes.comparisons import damped_with_base, largest_with_smallest
from recipes.koutini2021.grids import widths
from recipes.scenes import SceneOptions


@dataclass(frozen=True, kw_only=True)
class Options(SceneOptions):
    """Draw Figure 3: accuracy against width."""

    widths: tuple[int, ...] = ()
    """Widths W (default: the preset's)."""


QUESTIONS = {"damped with base": damped_with_base, "widest with narrowest": largest_with_smallest}

RECIPE = Recipe(
    name="koutini2021/fig03_width",
    options=Options,
    points=lambda options: widths(options.preset, options.widths),
    draw=lambda _, trained: accuracy_lines(trained, x="width", label="width W", questions=QUESTIONS, logarithmic=True),
)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
