"""Names of networks, sets, densities and lines in figures, and colours of densities."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure

NETWORKS: Mapping[str, str] = {
    "lenet5": "LeNet-5",
    "resnet18": "ResNet-18",
    "resnet50": "ResNet-50",
    "vgg19": "VGG-19",
    "mobilenetv2": "MobileNetV2",
    "fixup-resnet": "Fixup ResNet-110",
}
SETS: Mapping[str, str] = {
    "cifar10": "CIFAR-10",
    "cifar100": "CIFAR-100",
    "tiny-imagenet": "Tiny ImageNet",
}


# Which colour and marker a series has; those of one figure differ.
LOOKS: Mapping[str, int] = {
    "DCTpS": 0,
    "Sparse (uniform)": 1,
    "DCTpS (EPF)": 1,
    "Sparse (EPL)": 2,
    "FORCE": 3,
    "SynFlow": 4,
    "SNIP": 5,
    "Hyperplane": 6,
    "GraSP": 7,
}


def percent(share: float) -> str:
    """Return a share as text: 0.0001 is `0.01 %`."""
    return f"{100 * share:.3g} %"


def density_colours(densities: Iterable[float]) -> dict[float, Any]:
    """Return a colour for each density, the highest first."""
    ordered = sorted(set(densities), reverse=True)
    return dict(zip(ordered, colormaps["viridis"](np.linspace(0, 0.9, len(ordered))), strict=True))


def legend_entries(figure: Figure) -> dict[str, Any]:
    """Return every line that has a name, by name, once."""
    return {
        label: handle for axes in figure.axes for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
