"""Figure B11: units of perceptrons on 10,000-dimensional data, by size and optimiser.

Runs: students of 1/4 to 4 times 128 hidden units, σ = 0.01, momentum, SGD and Adam, each at the best of five learning
rates (demo: three; Adam at its default), 50 epochs of 1,000 examples, 3 seeds: 165 runs (demo: 105).
The paper found: accuracy and removability flat, similarity growing with size for all three, more for momentum and Adam
than for SGD.

    python recipes/casper2021/figb11_optimisers.py --preset paper --data IMAGES --runs RUNS --out FIGURES
"""

import sys

from recipes.casper2021.measuring import measure_units
from recipes.casper2021.students import StudentOptions, by_optimiser
from recipes.casper2021.unit_figures import unit_figure
from recipes.command import Recipe, run_recipe

_INPUTS = 10_000

RECIPE = Recipe(
    name="casper2021/figb11_optimisers",
    options=StudentOptions,
    points=lambda options: by_optimiser(_INPUTS, options),
    measure=measure_units,
    draw=unit_figure,
)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
