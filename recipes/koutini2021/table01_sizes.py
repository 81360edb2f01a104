"""Table 1: what each stage of the network makes of a spectrogram, its receptive field, and parameters by width.

Nothing is trained. For 10 s (256 x 431) the sizes are 127x215, 63x107, 31x53, 15x26, the maximum receptive field
167 x 167 for D = 1 and 64 more for each further D, whatever K.

    python recipes/koutini2021/table01_sizes.py --out FIGURES
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import nn

from common.command import run_command
from common.files import write_text
from data_prep.storage import PreparedSet
from models.receptive_field import receptive_field
from models.resnet import AudioResNet, NetworkSettings, ResidualBlock
from recipes.koutini2021.grids import WIDTHS
from recipes.options import AudioOptions

_FRAMES = 431  # of 10 s


@dataclass(frozen=True, kw_only=True)
class Options(AudioOptions):
    """Make Table 1: sizes, receptive field, parameters."""

    data: Path | None = None
    """Prepared set that the frames of a clip are taken from."""
    runs: Path | None = None
    """Not needed: nothing is trained."""
    width: int = 32
    """Width W."""
    depth: int = 1
    """Depth D."""
    pointwise_depth: int = 1
    """Pointwise depth K."""
    frames: int | None = None
    """Frames of a clip (default: those of `--data`, or 431, which are 10 s)."""


def stages(settings: NetworkSettings, frames: int) -> pd.DataFrame:
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
                network = AudioResNet(NetworkSettings(width=width, pointwise_depth=k))
                row[f"parameters, K={k}"] = sum(p.numel() for p in network.parameters())
            rows.append(row)
    return pd.DataFrame(rows)


def _make(options: Options) -> None:
    settings = NetworkSettings(
        width=options.width, depth=options.depth, pointwise_depth=options.pointwise_depth, classes=10
    )
    folder = options.out / "koutini2021"
    frames = options.frames or (PreparedSet.open(options.data).shape[1] if options.data else _FRAMES)
    tables = {"table01_sizes.csv": stages(settings, frames), "table01_parameters.csv": parameters_by_width()}
    for name, table in tables.items():
        if not options.dry_run:
            write_text(folder / name, table.to_csv(index=False, lineterminator="\n"))
        print(table.to_string(index=False), end="\n\n")
    print(folder)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(Options, _make, arguments)


if __name__ == "__main__":
    sys.exit(main())
