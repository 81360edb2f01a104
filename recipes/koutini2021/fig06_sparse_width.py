"""Figure 6: accuracy against width at one number of weights, that of W = 64; static and iterative, base and damped.

Runs: W in {64, 128, 192, 256, 384, 512}, D = K = 1, 350 epochs, two ways of making them sparse, base and damped, 3
seeds: 66 runs (demo: W in {8, 16, 32} at the weights of 8: 30 runs). W = 64 is dense, and shared by both ways.
The paper found: static sparse networks gain from width at first, less and less for the widest; networks pruned while
training lose little on unseen devices even at 98.4 % sparsity, while the damped one drops on the seen device.

    python recipes/koutini2021/fig06_sparse_width.py --data PREPARED --preset paper --runs RUNS --out FIGURES
"""

import sys
from dataclasses import dataclass

from recipes.accuracies import accuracy_lines
from recipes.command import Recipe, run_recipe
from recipes.comparisons import damped_with_base, iterative_with_static, sparse_with_dense
from recipes.koutini2021.grids import sparse_widths
from recipes.scenes import SceneOptions


@dataclass(frozen=True, kw_only=True)
class Options(SceneOptions):
    """Draw Figure 6: accuracy against width at one number of weights."""

    widths: tuple[int, ...] = ()
    """Widths W (default: the preset's); all keep as many weights as the smallest has."""


QUESTIONS = {
    "iterative with static": iterative_with_static,
    "wide and sparse with narrow and dense": sparse_with_dense,
    "damped with base": damped_with_base,
}

RECIPE = Recipe(
    name="koutini2021/fig06_sparse_width",
    options=Options,
    points=lambda options: sparse_widths(options.preset, options.widths),
    draw=lambda _, trained: accuracy_lines(trained, x="width", label="width W", questions=QUESTIONS, logarithmic=True),
)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
