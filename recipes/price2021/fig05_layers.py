"""Figure 5: how many weights of each layer of ResNet-50 (10 classes) every method keeps. Nothing is trained.

SynFlow, FORCE, equally many per layer, and uniform; eight densities. FORCE scores with CIFAR-10. On one core SynFlow
takes some 4 minutes a density, FORCE some 9; what is found is kept.
The paper found: SynFlow keeps about equally many in every layer but the four projection shortcuts, which it empties.

    python recipes/price2021/fig05_layers.py --data IMAGES --runs RUNS --out FIGURES
"""

import sys
from dataclasses import dataclass

from recipes.price2021.grids import Task
from recipes.price2021.layer_counts import run_counts
from recipes.price2021.masks import StartOptions
from recipes.price2021.methods import Series

_RESNET = Task("resnet50", "cifar10")
SERIES: tuple[Series, ...] = ("SynFlow", "FORCE", "Sparse (EPL)", "Sparse (uniform)")


@dataclass(frozen=True, kw_only=True)
class Options(StartOptions):
    """Draw Figure 5: the weights that each layer of ResNet-50 keeps."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_counts("fig05_layers", [(series, _RESNET) for series in SERIES], 2, arguments, Options)


if __name__ == "__main__":
    sys.exit(main())
