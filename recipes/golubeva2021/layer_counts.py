"""Numbers of weights of each layer of a ResNet-18, all and kept, if every width keeps those of the narrowest."""

from collections.abc import Mapping, Sequence

import pandas as pd

from common.errors import ConfigError
from models.counts import network_counts
from models.pruning.allocation import Counts, Shapes, sizes_of, water_level
from models.vision.resnet import ResNet18Settings

BASE_WIDTH = 8  # 1.8e5 weights
CLASSES = 100  # of CIFAR-100


def _labels(shapes: Shapes) -> list[str]:
    """Return the names of layers in order: stem, module.block conv 1, conv 2 and shortcut, classifier."""
    labels, convolutions = ["stem"], 0
    for shape in list(shapes.values())[1:-1]:
        is_shortcut = shape[-1] == 1
        block = (convolutions - is_shortcut) // 2  # a shortcut follows its block's second convolution
        part = "shortcut" if is_shortcut else f"conv {convolutions % 2 + 1}"
        labels.append(f"{block // 2 + 1}.{block % 2 + 1} {part}")
        convolutions += not is_shortcut
    return [*labels, "classifier"]


def resnet_shapes(width: int, classes: int = CLASSES) -> dict[str, tuple[int, ...]]:
    """Return the shape of every weight tensor of a ResNet-18 for small images, by the layer's name in figures."""
    shapes = network_counts(ResNet18Settings(width=width, classes=classes)).shapes
    return dict(zip(_labels(shapes), shapes.values(), strict=True))


def budget_of(base_width: int, width: int) -> int:
    """Return the number of weights of the dense network of `base_width`.

    Raises
    ------
    ConfigError
        If a network of `width` has fewer.
    """
    if width < base_width:
        raise ConfigError("width", width, f"at least the base width, {base_width}")
    return sum(sizes_of(resnet_shapes(base_width)).values())


def kept_by_layer(widths: Sequence[int], base_width: int) -> pd.DataFrame:
    """Return a row for each width and layer, in the network's order: width, layer, weights, kept, connectivity."""
    rows = []
    for width in widths:
        shapes = resnet_shapes(width)
        kept, sizes = water_level(shapes, budget_of(base_width, width)), sizes_of(shapes)
        for layer, weights in sizes.items():
            row = {"width": width, "layer": layer, "weights": weights, "kept": kept[layer]}
            rows.append(row | {"connectivity": kept[layer] / weights})
    return pd.DataFrame(rows)


def stages_of(shapes: Shapes, budget: int) -> list[Counts]:
    """Return the kept weights after each stage, when the largest layers reach the size of the next smaller one."""
    sizes = sizes_of(shapes)
    levels = sorted(set(sizes.values()), reverse=True)
    fillings = [sum(min(size, level) for size in sizes.values()) for level in levels]
    return [water_level(shapes, filling) for filling in fillings if filling > budget] + [water_level(shapes, budget)]


def stage_table(stages: Sequence[Mapping[str, int]]) -> pd.DataFrame:
    """Return one row per layer, largest first: its weights, and what is left after each stage."""
    table = pd.DataFrame({f"stage {number}": pd.Series(kept) for number, kept in enumerate(stages)})
    table = table.rename(columns={"stage 0": "weights"}).sort_values("weights", ascending=False, kind="stable")
    return table.rename_axis("layer").reset_index()
