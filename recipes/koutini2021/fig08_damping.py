"""Figure 8: effective receptive fields of the base and of the damped network, W = 128, D = K = 1.

Runs: base and damped, 3 seeds: 6 runs, which Figures 3 to 5 train too (demo: W = 16). `--widths` draws
others, or several side by side.
The paper found: damping restricts the effective receptive field along frequency.

    python recipes/koutini2021/fig08_damping.py --data PREPARED --preset paper --runs RUNS --out FIGURES
"""

import sys

from recipes.command import run_recipe
from recipes.koutini2021.grids import DEPTH_WIDTH, one_network
from recipes.koutini2021.receptive import WidthOptions, map_recipe
from recipes.points import Point


def points(options: WidthOptions) -> list[Point]:
    """Return base networks, then damped ones."""
    widths = options.widths or (DEPTH_WIDTH[options.preset],)
    return [one_network(damped=damped, width=width) for damped in (False, True) for width in widths]


RECIPE = map_recipe("koutini2021/fig08_damping", WidthOptions, points)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
