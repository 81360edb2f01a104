"""Figure 7: how many weights of each layer are trained where every layer, or every filter, has equally many.

ResNet-50 and VGG-19 with 10 classes, eight densities. Nothing is trained, and no masks are drawn.

    python recipes/price2021/fig07_allocations.py --out FIGURES
"""

import sys
from dataclasses import dataclass
from pathlib import Path

from models.vision.architectures import Architecture
from recipes.price2021.grids import Task
from recipes.price2021.layer_counts import run_counts
from recipes.price2021.masks import StartOptions
from recipes.price2021.methods import Series

_NETWORKS: tuple[Architecture, ...] = ("resnet50", "vgg19")
_SERIES: tuple[Series, ...] = ("DCTpS", "DCTpS (EPF)")


@dataclass(frozen=True, kw_only=True)
class Options(StartOptions):
    """Draw Figure 7: the weights that each layer trains, equally many per layer or per filter."""

    data: Path | None = None
    """Not needed: no image is looked at."""
    runs: Path = Path()
    """Not needed: counts alone decide."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    panels = [(series, Task(network, "cifar10")) for network in _NETWORKS for series in _SERIES]
    return run_counts("fig07_allocations", panels, 2, arguments, Options)


if __name__ == "__main__":
    sys.exit(main())
