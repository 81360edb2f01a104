"""Figure 4: accuracy against depth D (3x3 blocks, which widen the receptive field), base and damped.

Runs: D in 1..5, W = 128 (not given in the paper), K = 1, base and damped, 3 seeds: 30 runs (demo: W = 16, D in 1..3).
The paper found: depth lowers the accuracy on seen and on unseen devices, more so for the base network.

    python recipes/koutini2021/fig04_depth.py --data PREPARED --preset paper --runs RUNS --out FIGURES
"""

import sys
from dataclasses import dataclass

from recipes.accuracies import accuracy_lines
from recipes.command import Recipe, run_recipe
from recipes.comparisons import damped_with_base, largest_with_smallest
from recipes.koutini2021.grids import depths
from recipes.scenes import SceneOptions


@dataclass(frozen=True, kw_only=True)
class Options(SceneOptions):
    """Draw Figure 4: accuracy against depth."""

    depths: tuple[int, ...] = ()
    """Depths D (default: the preset's)."""


QUESTIONS = {"damped with base": damped_with_base, "deepest with shallowest": largest_with_smallest}

RECIPE = Recipe(
    name="koutini2021/fig04_depth",
    options=Options,
    points=lambda options: depths(options.preset, options.depths),
    draw=lambda _, trained: accuracy_lines(trained, x="depth", label="depth D", questions=QUESTIONS),
)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
