"""Table 2: parameters of five networks, weights (pruned) and biases and batch norm (kept). Nothing is trained.

With 10 classes the numbers are the paper's exactly.
"""

import sys
from dataclasses import dataclass

import pandas as pd

from models.counts import network_counts
from models.registry import network_settings
from recipes.command import Recipe, run_recipe
from recipes.options import FigureOptions
from recipes.price2021.names import NETWORKS
from recipes.trained import Picture

# Weights, biases and batch norm, as published.
PUBLISHED: dict[str, tuple[int, int]] = {
    "resnet50": (23_467_712, 53_130),
    "vgg19": (20_024_000, 11_018),
    "mobilenetv2": (2_261_824, 35_098),
    "fixup-resnet": (1_719_856, 282),
    "resnet18": (11_164_352, 9_610),
}


@dataclass(frozen=True, kw_only=True)
class ParametersOptions(FigureOptions):
    """ParametersOptions of Table 2."""

    classes: int = 10
    """Number of classes of the networks."""


def parameter_table(classes: int = 10) -> pd.DataFrame:
    """Return one row per network: layers, filters, weights, bias_and_batch_norm, total, and the published two."""
    rows = []
    for architecture, (weights, others) in PUBLISHED.items():
        counts = network_counts(network_settings(architecture, classes=classes))
        rows.append(
            {
                "network": NETWORKS[architecture],
                "layers": len(counts.shapes),
                "filters": sum(shape[0] for shape in counts.shapes.values()),
                "weights": counts.weights,
                "bias_and_batch_norm": counts.others,
                "total": counts.parameters,
                "published_weights": weights,
                "published_bias_and_batch_norm": others,
            }
        )
    return pd.DataFrame(rows)


def tell(options: ParametersOptions) -> str:
    """Return the table as text."""
    return parameter_table(options.classes).to_string(index=False)


def draw(options: ParametersOptions) -> Picture:
    """Print and return the table."""
    print(tell(options), end="\n\n")
    return Picture(None, parameter_table(options.classes))


RECIPE = Recipe(name="price2021/table02_parameters", about=__doc__, options=ParametersOptions, draw=draw, tell=tell)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
