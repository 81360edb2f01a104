"""How Figure 4 shares 3970 weights between the two layers of perceptrons of every width."""

from common.errors import ConfigError
from recipes.golubeva2021.kernel_distances import CLASSES, PIXELS

DENSE_WIDTH = 5  # of the dense network that has as many weights as all others
WIDTHS = tuple(DENSE_WIDTH * 2**doublings for doublings in range(8))
_STEPS = 5
_REMOVED = 0.9  # of the last layer, at most: its connectivity goes down to 0.1


def figure4_grid(width: int) -> list[tuple[int, int]]:
    """Return how many weights the first and the last layer keep, in every cell of the figure's column of this width.

    From the last layer nothing is removed in the first cell, nine tenths of its weights in the last, and in equal steps
    between; the first layer is without the others that are too many. Cells in which it would keep no weight are left
    out: three of six at width 640. Source: Golubeva 2021, section 2.3, and its public code, which makes 40 networks of
    the eight widths.

    Raises
    ------
    ConfigError
        If the dense network of this width has fewer weights than the others.
    """
    if width < DENSE_WIDTH:
        raise ConfigError("width", width, f"at least {DENSE_WIDTH}, the width of the dense network")
    surplus = (width - DENSE_WIDTH) * (PIXELS + CLASSES)
    if not surplus:
        return [(PIXELS * width, CLASSES * width)]
    most = min(surplus, int(_REMOVED * CLASSES * width))
    cells = [
        (PIXELS * width - (surplus - removed), CLASSES * width - removed)
        for removed in range(0, most + 1, most // _STEPS)
    ]
    return [(first, last) for first, last in cells if first >= 1]
