"""Image sets, numbers of weights and widths of the ResNet-18s of Golubeva 2021."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recipes.golubeva2021.resnets import Family, Images, Method, ResNetPoint
from recipes.images import ImageOptions
from recipes.points import Preset

Sets = Mapping[Preset, tuple[Images, ...]]
Widths = Mapping[Preset, tuple[int, ...]]

SMALL_IMAGES: Sets = {"paper": ("cifar10", "cifar100", "svhn"), "demo": ("cifar10",)}
IMAGENET: Sets = {"paper": ("imagenet",), "demo": ("cifar10",)}

# Of the dense networks. The paper gives these, but no other widths than those on ImageNet.
BASE_WIDTHS: Widths = {"paper": (8, 12, 18, 40, 64), "demo": (4, 8)}
ONE_BASE_WIDTH: Widths = {"paper": (18,), "demo": (4,)}
WIDTHS: Widths = {"paper": (8, 12, 18, 32, 40, 48, 64, 80, 128, 181), "demo": (4, 8, 16, 24)}
IMAGENET_WIDTHS = (64, 90, 128, 181, 256)


@dataclass(frozen=True, kw_only=True)
class ResNet18Options(ImageOptions):
    """Options of figures of ResNet-18s."""

    sets: tuple[Images, ...] = ()
    """Image sets (default: the preset's)."""
    base_widths: tuple[int, ...] = ()
    """Widths of the dense networks that set the numbers of weights (default: the preset's)."""
    widths: tuple[int, ...] = ()
    """Widths of the networks that keep as many weights (default: the preset's)."""

    def families(self, sets: Sets = SMALL_IMAGES, base_widths: Widths = BASE_WIDTHS) -> list[Family]:
        """Return the networks on each image set; a figure says which there are where the options do not."""
        families = []
        for images in self.sets or sets[self.preset]:
            bases, widths = base_widths[self.preset], WIDTHS[self.preset]
            if images == "imagenet":
                bases, widths = IMAGENET_WIDTHS[:1], IMAGENET_WIDTHS
            family = Family(
                images=images,
                base_widths=self.base_widths or bases,
                widths=self.widths or widths,
                preset=self.preset,
                epochs=self.epochs,
            )
            families.append(family)
        return families


def widened(families: Sequence[Family], *methods: Method) -> list[ResNetPoint]:
    """Return the dense networks of the base widths and what each method makes of them, none twice."""
    return list(dict.fromkeys(point for family in families for method in methods for point in family.widened(method)))


def sparse_and_dense(families: Sequence[Family]) -> list[ResNetPoint]:
    """Return the sparse networks that are widened from those of the base widths, and dense ones of every width."""
    dense = [family.dense(width) for family in families for width in family.widths]
    return list(dict.fromkeys(widened(families, "sparse") + dense))
