"""Figure 13: how many weights of each layer SynFlow keeps of other networks. Nothing is trained.

VGG-19 with 10 and 100 classes, ResNet-18 with 200 classes and images of 64 x 64, MobileNetV2 with 10; eight densities,
100 iterations each. No images are needed. What is found is kept.
The paper found: about equally many in every layer of VGG-19; the same in ResNet-18, whose projection shortcuts are
emptied; in MobileNetV2 around a common value, with layers emptied at low densities.

    python recipes/price2021/fig13_synflow_layers.py --runs RUNS --out FIGURES
"""

import sys
from dataclasses import dataclass
from pathlib import Path

from recipes.price2021.grids import Task
from recipes.price2021.layer_counts import run_counts
from recipes.price2021.masks import StartOptions

TASKS = (
    Task("vgg19", "cifar10"),
    Task("vgg19", "cifar100"),
    Task("resnet18", "tiny-imagenet"),
    Task("mobilenetv2", "cifar10"),
)


@dataclass(frozen=True, kw_only=True)
class Options(StartOptions):
    """Draw Figure 13: the weights that SynFlow keeps of each layer of other networks."""

    data: Path | None = None
    """Not needed: no image is looked at."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_counts("fig13_synflow_layers", [("SynFlow", task) for task in TASKS], 2, arguments, Options)


if __name__ == "__main__":
    sys.exit(main())
