"""Size factors of networks, the horizontal axis of most figures of Casper 2021."""

from dataclasses import dataclass
from fractions import Fraction

from matplotlib.axes import Axes

from models.vision.named_initialisers import NamedInitialiser
from recipes.images import ImageOptions
from recipes.points import Point

SIZES: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True, kw_only=True)
class SizedPoint(Point):
    """A network of a size factor: its width relative to the paper's 1x.

    `site` is the only one whose units count, where the figure does not take the mean over all.
    """

    size: float
    site: str | None = None


@dataclass(frozen=True, kw_only=True)
class SizeOptions(ImageOptions):
    """Options of figures of networks of several sizes."""

    sizes: tuple[float, ...] = ()
    """Size factors, which are widths relative to the paper's 1x (default: the preset's)."""


@dataclass(frozen=True, kw_only=True)
class ResNetOptions(SizeOptions):
    """Options of figures with ResNets."""

    resnet_start: NamedInitialiser = "glorot-normal"
    """Initialisation of ResNets; the paper's code has `lecun-normal`."""


def size_name(size: float) -> str:
    """Return a size factor as the paper writes it, such as 1/4x."""
    return f"{Fraction(size)}x"


def set_sizes(axes: Axes, sizes: list[float]) -> None:
    """Set the horizontal axis to size factors on a scale of base 2."""
    axes.set_xscale("log", base=2)
    axes.set_xticks(sizes, [size_name(size) for size in sizes], fontsize=7)
    axes.minorticks_off()
    room = (sizes[-1] / sizes[0]) ** 0.12 if len(sizes) > 1 else 2  # for points that are drawn aside
    axes.set_xlim(sizes[0] / room, sizes[-1] * room)
    axes.set_xlabel("size factor")
