"""Table 2: weights, which are pruned, and biases and batch norm, which are not, of five networks. Nothing is trained.

With 10 classes the numbers are the paper's exactly.

    python recipes/price2021/table02_parameters.py --out FIGURES
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from asc.images.description import ImageNetwork
from common.command import run_command
from common.files import write_text
from models.vision.architectures import Architecture
from recipes.image_cost import counts_of
from recipes.options import SharedOptions
from recipes.price2021.names import NETWORKS

# Weights, biases and batch norm, as published.
PUBLISHED: dict[Architecture, tuple[int, int]] = {
    "resnet50": (23_467_712, 53_130),
    "vgg19": (20_024_000, 11_018),
    "mobilenetv2": (2_261_824, 35_098),
    "fixup-resnet110": (1_719_856, 282),
    "resnet18": (11_164_352, 9_610),
}


@dataclass(frozen=True, kw_only=True)
class Options(SharedOptions):
    """Make Table 2: parameters that are pruned and parameters that are not."""

    data: Path | None = None
    """Not needed: nothing is trained."""
    runs: Path | None = None
    """Not needed: nothing is trained."""
    classes: int = 10
    """Of the networks."""


def parameter_table(classes: int = 10) -> pd.DataFrame:
    """Return one row per network: layers, filters, weights, bias_and_batch_norm, total, and the published two."""
    rows = []
    for architecture, (weights, others) in PUBLISHED.items():
        counts = counts_of(ImageNetwork.of(architecture, classes=classes))
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


def _make(options: Options) -> None:
    table = parameter_table(options.classes)
    print(table.to_string(index=False))
    if not options.dry_run:
        target = options.out / "price2021/table02_parameters.csv"
        write_text(target, table.to_csv(index=False, lineterminator="\n"))
        print(target)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(Options, _make, arguments)


if __name__ == "__main__":
    sys.exit(main())
