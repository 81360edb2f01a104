"""Figures 1, 5, 11 and 13: accuracy of dense ResNet-18s and of wider, sparser ones of as many weights."""

from typing import Any

from recipes.command import Recipe
from recipes.golubeva2021.resnet_options import (
    BASE_WIDTHS,
    ONE_BASE_WIDTH,
    SMALL_IMAGES,
    ResNet18Options,
    Sets,
    Widths,
    widened,
)
from recipes.golubeva2021.resnet_panels import accuracy_picture
from recipes.golubeva2021.resnets import ResNetPoint
from recipes.trained import Picture, Trained


def _recipe(name: str, about: str, *axes: str, sets: Sets = SMALL_IMAGES, base_widths: Widths = BASE_WIDTHS) -> Recipe:
    """Return the figure with the columns `axes` on its horizontal and vertical axes, see `accuracy_picture`."""

    def points(options: ResNet18Options) -> list[ResNetPoint]:
        return widened(options.families(sets, base_widths), "sparse")

    def draw(_options: Any, trained: Trained) -> Picture:
        return accuracy_picture(trained, *axes)

    return Recipe(name=f"golubeva2021/{name}", about=about, options=ResNet18Options, points=points, draw=draw)


RECIPES = (
    _recipe(
        "fig01_width",
        """Figure 1: best test accuracy of ResNet-18s by width, at one number of weights, on each image set.

        Runs: ImageNet with the weights of width 64, CIFAR-10, CIFAR-100 and SVHN with those of width 18, 3 seeds: 87
        runs, among them Table 1's and Figure 5's (demo: CIFAR-10 with the weights of width 4: 12 runs).
        The paper found: accuracy grows with width on all four.
        """,
        "width",
        sets={"paper": ("imagenet", "cifar10", "cifar100", "svhn"), "demo": ("cifar10",)},
        base_widths=ONE_BASE_WIDTH,
    ),
    _recipe(
        "fig05_weights",
        """Figure 5: best test accuracy of ResNet-18s by width, at five numbers of weights, dense and sparse.

        Runs: CIFAR-10, CIFAR-100 and SVHN; wider networks, up to width 181, keep at random places as many weights as
        dense networks 8, 12, 18, 40 and 64 wide; 300 epochs, 3 seeds: 333 runs (demo: CIFAR-10, the weights of widths 4
        and 8 in networks up to width 24, 10 epochs of 5,000 images resized to 16 x 16, tested on 2,000: 21 runs).
        The paper found: accuracy grows with width at a fixed number of weights, most for hard tasks and small networks;
        where connectivity becomes too small it falls again.
        """,
        "width",
    ),
    _recipe(
        "fig11_connectivity",
        """Figure 11: Figure 5's runs by connectivity, the share of a network's weights that are kept.

        Runs: those of Figure 5.
        The paper found: the best connectivity is 1 to 10 % (3 to 10 times the width), about the same for all small
        networks.
        """,
        "connectivity",
    ),
    _recipe(
        "fig13_training",
        """Figure 13: accuracy of Figure 5's runs on their training images, by connectivity.

        Runs: those of Figure 5.
        The paper found: large networks reach 100 %; of smaller ones training accuracy, like test accuracy, is highest
        where they are sparse. It does not say how it was measured; the public code counts during training, on augmented
        images.
        """,
        "connectivity",
        "train_accuracy",
    ),
)
