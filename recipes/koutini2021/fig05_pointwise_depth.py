"""Figure 5: accuracy against pointwise depth K (1x1 blocks, which leave the receptive field as it is), base and damped.

Runs: K in 0..5, W = 128 (not in the paper), D = 1, base and damped, 3 seeds: 36 runs (demo: W = 16, K in 0, 1, 3).
The paper found: small gains on the seen device, none on unseen ones, and losses for the damped network.

    python recipes/koutini2021/fig05_pointwise_depth.py --data PREPARED --preset paper --runs RUNS --out FIGURES
"""

import sys
from dataclasses import dataclass

from recipes.accuracies import accuracy_lines
from recipes.command import Recipe, run_recipe
from recipes.comparisons import damped_with_base, largest_with_smallest
from recipes.koutini2021.grids import pointwise_depths
from recipes.scenes import SceneOptions


@dataclass(frozen=True, kw_only=True)
class Options(SceneOptions):
    """Draw Figure 5: accuracy against pointwise depth."""

    pointwise_depths: tuple[int, ...] = ()
    """Pointwise depths K (default: the preset's)."""


QUESTIONS = {"damped with base": damped_with_base, "most with fewest 1x1 blocks": largest_with_smallest}

RECIPE = Recipe(
    name="koutini2021/fig05_pointwise_depth",
    options=Options,
    points=lambda options: pointwise_depths(options.preset, options.pointwise_depths),
    draw=lambda _, trained: accuracy_lines(
        trained, x="pointwise_depth", label="pointwise depth K", questions=QUESTIONS
    ),
)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
