"""Figure B2: accuracy and units of ResNet-18s on ImageNet as training continues after convergence, by size.

Runs: ResNet-18s of sizes 1/4 to 4 that end after 90, 100, 110 and 120 epochs, one seed: 20. A shorter one is the
beginning of a longer one: they see the same batches. Demo, without ImageNet: small ones on CIFAR-10, 8 to 14 epochs:
12. The paper does not say after which epochs.
The paper found: accuracy, removability and similarity of each size stay what they are.
"""

import sys
from dataclasses import dataclass

from common.errors import ConfigError
from recipes.casper2021.imagenet import IMAGENET_SIZES, RESNET18_EPOCHS, ImageNetOptions, resnet18
from recipes.casper2021.measuring import measure_units
from recipes.casper2021.sizes import SizedPoint, size_name
from recipes.casper2021.unit_figures import PANELS, draw_panels, footer_of, unit_table
from recipes.command import Recipe, run_recipe
from recipes.points import Preset
from recipes.trained import Picture, Trained

_STEP: dict[Preset, int] = {"paper": 10, "demo": 2}


@dataclass(frozen=True, kw_only=True)
class TrainingTimeOptions(ImageNetOptions):
    """TrainingTimeOptions of Figure B2."""

    lengths: tuple[int, ...] = ()
    """Numbers of epochs of the runs (default: the preset's and three longer ones)."""

    def __post_init__(self) -> None:
        """Reject `--epochs`, which would give all runs one length."""
        super().__post_init__()
        if self.epochs is not None:
            raise ConfigError("epochs", self.epochs, "not for this figure: --lengths says how long runs are")


def points(options: TrainingTimeOptions) -> list[SizedPoint]:
    """Return ResNet-18s of every size and length, a series for each length."""
    preset = options.preset
    lengths = options.lengths or [RESNET18_EPOCHS[preset] + steps * _STEP[preset] for steps in range(4)]
    return [
        SizedPoint(
            series=f"{epochs} epochs",
            size=size,
            run=resnet18(size, preset, start=options.resnet_start, epochs=epochs),
        )
        for size in options.sizes or IMAGENET_SIZES[preset]
        for epochs in lengths
    ]


def draw(options: TrainingTimeOptions, trained: Trained) -> Picture:
    """Draw against training time, a line for each size."""
    table = unit_table(options, trained)
    table.insert(0, "epochs", table.pop("series").str.removesuffix(" epochs").astype(int))
    table.insert(0, "series", table["size"].map(size_name))
    return Picture(draw_panels(table, PANELS, "epochs", xlabel="training epochs"), table, footer_of(trained, table))


RECIPE = Recipe(
    name="casper2021/figb02_training_time",
    about=__doc__,
    options=TrainingTimeOptions,
    points=points,
    draw=draw,
    measure=measure_units,
)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
