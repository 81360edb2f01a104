"""Figures 4 to 6 and B3 to B13: removable and repeated units of networks, by size."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from recipes.casper2021.cifar import (
    ALL_REGULARISERS,
    INITIALISERS,
    REGULARISERS,
    alexnet_points,
    batch_points,
    labelled_points,
    resnet56_points,
)
from recipes.casper2021.imagenet import (
    ImageNetOptions,
    imagenet_points,
    inception_points,
    layer_points,
    resnet18_batches,
    resnet18_points,
)
from recipes.casper2021.layers import INCEPTION_LAYERS, layer_figure, stage_names
from recipes.casper2021.measuring import measure_units
from recipes.casper2021.sizes import ResNetOptions, SizedPoint, SizeOptions
from recipes.casper2021.students import StudentOptions, by_optimiser, by_sigma
from recipes.casper2021.unit_figures import UNITS, unit_figure
from recipes.command import Recipe
from recipes.images import ImageOptions
from recipes.trained import Picture

_INPUTS = 10_000  # of Figures B4 and B11


@dataclass(frozen=True, kw_only=True)
class SigmaOptions(StudentOptions):
    """Options of Figures B4 and B5."""

    sigmas: tuple[float, ...] = ()
    """Standard deviations σ of the initial weights (default: the preset's)."""


def _recipe(
    name: str,
    about: str,
    options: type[ImageOptions],
    points: Callable[[Any], list[SizedPoint]],
    draw: Callable[..., Picture] = unit_figure,
    **how: Any,
) -> Recipe:
    """Return a figure of units; `how` are further arguments of `draw`."""

    def drawn(options: Any, trained: Any) -> Picture:
        return draw(options, trained, **how)

    name = f"casper2021/{name}"
    return Recipe(name=name, about=about, options=options, points=points, draw=drawn, measure=measure_units)


RECIPES = (
    _recipe(
        "fig04_imagenet",
        """Figure 4: units of ResNet-18s and Inception-v3s on ImageNet, by size.

        Runs: ResNet-18s of sizes 1/4 to 4; Inception-v3s of sizes 1/4 to 1; and Inception-v3s of size 1 of which one
        layer, the last of 35 x 35, has sizes 1/4 to 4, and only its units are measured. 90 epochs, one seed: 12. Demo,
        without ImageNet: small networks on CIFAR-10, the layer in Inception-v3s of size 1/4, 8 and 3 epochs: 8 (the
        Inception-v3s learn next to nothing).
        The paper found: removability grows with size in all; similarity grows in ResNet-18s and falls in Inception-v3s.
        """,
        ImageNetOptions,
        imagenet_points,
        panels=UNITS,
    ),
    _recipe(
        "fig05_random_labels",
        """Figure 5: units of AlexNets and ResNet-56s on CIFAR-10, by size, trained on true and on random labels.

        Runs: AlexNets (with all regularisers, or on random labels with none, up to 5,000 epochs) and ResNet-56s of
        sizes 1/4 to 4, 3 seeds: 60 (demo: 1/8 to 1/2: 36, random labels of 300 images).
        The paper found: removability, repetition or both grow with size on random labels as well; in ResNet-56s random
        labels keep removability flat and make units more repeated.
        """,
        ResNetOptions,
        labelled_points,
        panels=UNITS,
    ),
    _recipe(
        "fig06_initialisers",
        """Figure 6: units of AlexNets on CIFAR-10, by size and initialisation (Glorot, He, LeCun; normal).

        Runs: AlexNets of sizes 1/4 to 4, up to 500 epochs, 3 initialisations, 3 seeds: 45 (demo: 1/8 to 1/2, 6 epochs:
        27).
        The paper found: Glorot: removability rises, similarity hardly; He: similarity rises steeply, removability does
        not; LeCun: both, between the two.
        """,
        SizeOptions,
        lambda options: alexnet_points(options, INITIALISERS["normal"]),
        panels=UNITS,
    ),
    _recipe(
        "figb03_uniform",
        """Figure B3: units of AlexNets on CIFAR-10, by size and initialisation (Glorot, He, LeCun; uniform).

        Runs: as Figure 6's but for the shape of the distribution: 45 (demo: 27).
        The paper found: very much what it found with normal distributions; their variance matters, not their shape.
        """,
        SizeOptions,
        lambda options: alexnet_points(options, INITIALISERS["uniform"]),
    ),
    _recipe(
        "figb04_sigma_10000",
        """Figure B4: units of perceptrons on 10,000-dimensional data, by size and by the deviation of initial weights.

        Runs: students of 1/4 to 4 times 128 hidden units, σ from 1e-4 to 1e5 (the published code's; demo: 1e-3 to 1),
        five learning rates (demo: three), momentum, 50 epochs of 1,000 examples labelled by a random teacher of 32
        units, 3 seeds: 750 runs (demo: 180). The learning rate of each point is the best on 1,000 validation examples.
        The paper found: accuracy and removability flat at every σ; similarity grows with size at small σ, not at large.
        """,
        SigmaOptions,
        lambda options: by_sigma(_INPUTS, options, options.sigmas),
    ),
    _recipe(
        "figb05_sigma_10",
        """Figure B5: units of perceptrons on 10-dimensional data, by size and by the deviation of initial weights.

        Runs: as Figure B4's but for the dimension of the data: 750 runs (demo: 180).
        The paper found: accuracy and removability flat at every σ; similarity grows with size at every σ.
        """,
        SigmaOptions,
        lambda options: by_sigma(10, options, options.sigmas),
    ),
    _recipe(
        "figb06_resnet56_layers",
        """Figure B6: units of the layers of ResNet-56s on CIFAR-10, by size.

        Runs: the ResNet-56s of Figure 5: sizes 1/4 to 4, 3 seeds: 15 (demo: 1/8 to 1/2: 9).
        The paper found: the curves differ between layers; the first convolution and the last block layer are the most
        removable and repeated.
        """,
        ResNetOptions,
        lambda options: resnet56_points(options, {"ResNet-56": {}}),
        layer_figure,
        layers=stage_names(3),
    ),
    _recipe(
        "figb07_resnet18_layers",
        """Figure B7: units of the layers of ResNet-18s on ImageNet, by size.

        Runs: the ResNet-18s of Figure 4: sizes 1/4 to 4, one seed: 5. Demo, without ImageNet: small ones on CIFAR-10:
        3.
        The paper found: the last block layer is the most removable, the first convolution the most repeated.
        """,
        ImageNetOptions,
        resnet18_points,
        layer_figure,
        layers=stage_names(4),
    ),
    _recipe(
        "figb08_inception_layers",
        """Figure B8: units of the last blocks of 35 x 35, 17 x 17 and 8 x 8 of Inception-v3s on ImageNet, by size.

        Runs: the Inception-v3s of Figure 4: sizes 1/4 to 1, one seed: 3. Demo, without ImageNet: small ones on
        CIFAR-10, whose blocks are 7 x 7, 3 x 3 and 1 x 1: 3.
        The paper found: the deeper a block, the more removable; that of 17 x 17 is the most repeated.
        """,
        ImageNetOptions,
        inception_points,
        layer_figure,
        layers=INCEPTION_LAYERS,
    ),
    _recipe(
        "figb09_one_layer",
        """Figure B9: units of three blocks of Inception-v3s on ImageNet of which only the first varies in size.

        Runs: the Inception-v3s of Figure 4 with one layer, the last of 35 x 35, of sizes 1/4 to 4, one seed: 5. Demo,
        without ImageNet: small ones on CIFAR-10, sizes 1/4, 1 and 4: 3.
        The paper found: the other layers' units hardly change as that layer grows.
        """,
        ImageNetOptions,
        layer_points,
        layer_figure,
        layers=INCEPTION_LAYERS,
        xlabel="size factor of the last 35 x 35",
    ),
    _recipe(
        "figb10_regularisers",
        """Figure B10: units of AlexNets on CIFAR-10, by size and explicit regulariser.

        Runs: AlexNets of sizes 1/4 to 4 with none, data augmentation, dropout, weight decay (of fc3 and fc4) and all
        three, up to 500 epochs, 1,000 with augmentation, 3 seeds: 75 (demo: 1/8 to 1/2, 6 epochs: 45). Those without
        are Figure 6's.
        The paper found: regularisers shift the curves, not their trends; dropout makes units much more removable and
        more repeated, weight decay a little.
        """,
        SizeOptions,
        lambda options: alexnet_points(options, {"none": {}, **REGULARISERS, "all": ALL_REGULARISERS}),
    ),
    _recipe(
        "figb11_optimisers",
        """Figure B11: units of perceptrons on 10,000-dimensional data, by size and optimizer.

        Runs: students of 1/4 to 4 times 128 hidden units, σ = 0.01, momentum, SGD and Adam, each at the best of five
        learning rates (demo: three; Adam at its default), 50 epochs of 1,000 examples, 3 seeds: 165 runs (demo: 105).
        The paper found: accuracy and removability flat, similarity growing with size for all three, more for momentum
        and Adam than for SGD.
        """,
        StudentOptions,
        lambda options: by_optimiser(_INPUTS, options),
    ),
    _recipe(
        "figb12_resnet18_batches",
        """Figure B12: units of ResNet-18s on ImageNet, by size and the factor k of batch size and learning rate.

        Runs: ResNet-18s of sizes 1/4 to 4, batches of 256 k at a rate of 0.1 k, k = 1/4, 1, 4, and the largest batch
        that the authors' machine held (8,192 to 512, larger ones are left out), 90 epochs, one seed: 18. Demo, without
        ImageNet: small ones on CIFAR-10, batches of 32 k, 8 epochs: 11. The published code has batches of 1,024, 2,048
        and the largest.
        The paper found: trends do not depend on k.
        """,
        ImageNetOptions,
        resnet18_batches,
    ),
    _recipe(
        "figb13_batches",
        """Figure B13: units of AlexNets and ResNet-56s on CIFAR-10, by size and the factor k of batch size and rate.

        Runs: AlexNets (learning rate 0.01 k) and ResNet-56s (0.1 k) of sizes 1/4 to 4, batches of 128 k, k = 1/4, 1, 4,
        3 seeds, without the AlexNet of size 4 at k = 4, which the paper could not train: 87 (demo: 1/8 and 1/4, batches
        of 32 k: 36). Those of k = 1 are Figures 6's and 5's.
        The paper found: trends do not depend on k; units tend to be a little more compressible at higher k.
        """,
        ResNetOptions,
        batch_points,
    ),
)
