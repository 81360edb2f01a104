"""Figure 7: effective receptive fields of the damped network scaled in four ways, cropped to that of D = 1.

Runs: damped, (W, D, K) = (128, 1, 1), (128, 3, 1), (128, 1, 5), (512, 1, 1), 3 seeds: 12 runs, all of them also other
figures' (demo: (16, 1, 1), (16, 3, 1), (16, 1, 3), (32, 1, 1)). The paper does not give the sizes.
The paper found: 1x1 blocks, which cannot widen the maximum receptive field, widen the effective one and so counter the
damping; width focuses it in the middle.

    python recipes/koutini2021/fig07_scaled.py --data PREPARED --preset paper --runs RUNS --out FIGURES
"""

import sys

from recipes.command import run_recipe
from recipes.koutini2021.grids import variants
from recipes.koutini2021.receptive import MapOptions, map_recipe

# Mel bands and frames of the maximum receptive field at D = 1 (Table 1).
SPAN = 167

RECIPE = map_recipe("koutini2021/fig07_scaled", MapOptions, lambda options: variants(options.preset), SPAN)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
