"""Table 1: output size and receptive field of each stage of the network, and parameters by width. Nothing is trained.

For 10 s (256 x 431) the sizes are 127x215, 63x107, 31x53, 15x26. The maximum receptive field is 167 x 167 for D = 1 and
64 larger for each further D, at any K.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import nn

from data_prep.storage import PreparedSet
from models.audio.resnet import AudioResNet, AudioResNetSettings, ResidualBlock
from models.receptive_field import receptive_field
from recipes.command import Recipe, run_recipe
from recipes.koutini2021.grids import WIDTHS
from recipes.options import FigureOptions
from recipes.trained import Picture

_FRAMES = 431  # of 10 s


@dataclass(frozen=True, kw_only=True)
class SizesOptions(FigureOptions):
    """SizesOptions of Table 1."""

    data: Path | None = None
    """Prepared set whose clips give the number of frames."""
    width: int = 32
    """Width W."""
    depth: int = 1
    """Depth D."""
    pointwise_depth: int = 1
    """Pointwise depth K."""
    frames: int | None = None
    """Number of frames of a clip (default: that of `--data`, or else 431, which is 10 s)."""


def stages(settings: AudioResNetSettings, frames: int) -> pd.DataFrame:
    """Return, layer by layer, kind, channels, size of the output, receptive field (mel x frame) and parameters."""
    network = AudioResNet(settings).eval()
    x = torch.zeros(1, settings.channels, 256, frames)
    rows: list[dict[str, Any]] = []
    for number, layer in enumerate(network.features):
        with torch.no_grad():
            x = layer(x)
        count = sum(p.numel() for p in layer.parameters())
        if isinstance(layer, nn.BatchNorm2d | nn.ReLU):
            rows[-1]["parameters"] += count
            continue
        mel, frame = receptive_field(network.features[: number + 1])
        kernels = [str(c.kernel_size[0]) for c in layer.modules() if isinstance(c, nn.Conv2d)][:2]
        kind = "R " if isinstance(layer, ResidualBlock) else ""
        rows.append(
            {
                "block": kind + ", ".join(f"{k}x{k}" for k in kernels) if kernels else "pool 2x2",
                "channels": x.shape[1],
                "size": f"{x.shape[2]}x{x.shape[3]}",
                "receptive field": f"{mel.size}x{frame.size}",
                "parameters": count,
            }
        )
    classifier = sum(p.numel() for p in network.classifier.parameters())
    rows.append({"block": "classifier 1x1, mean", "channels": settings.classes, "parameters": classifier})
    return pd.DataFrame(rows).fillna("")


def parameters_by_width() -> pd.DataFrame:
    """Return the parameters of the paper's widths, D = 1, K = 0 and 1."""
    rows = []
    with torch.device("meta"):
        for width in WIDTHS["paper"]:
            row = {"width": width}
            for k in (0, 1):
                network = AudioResNet(AudioResNetSettings(width=width, pointwise_depth=k))
                row[f"parameters, K={k}"] = sum(p.numel() for p in network.parameters())
            rows.append(row)
    return pd.DataFrame(rows)


def _tables(options: SizesOptions) -> tuple[pd.DataFrame, pd.DataFrame]:
    settings = AudioResNetSettings(
        width=options.width, depth=options.depth, pointwise_depth=options.pointwise_depth, classes=10
    )
    frames = options.frames or (PreparedSet.open(options.data).shape[1] if options.data else _FRAMES)
    return stages(settings, frames), parameters_by_width()


def tell(options: SizesOptions) -> str:
    """Return both tables as text."""
    return "\n\n".join(table.to_string(index=False) for table in _tables(options))


def draw(options: SizesOptions) -> Picture:
    """Print and return both tables."""
    print(tell(options), end="\n\n")
    sizes, parameters = _tables(options)
    return Picture(None, sizes, others={"table01_parameters": parameters})


RECIPE = Recipe(name="koutini2021/table01_sizes", about=__doc__, options=SizesOptions, draw=draw, tell=tell)

if __name__ == "__main__":
    sys.exit(run_recipe(RECIPE))
