"""ResNet-18 and ResNet-50 (He et al. 2016) by width, for small images and for ImageNet."""

from dataclasses import dataclass
from typing import Literal, get_args

from torch import nn

from common.errors import ConfigError
from models.vision.settings import VisionSettings
from models.vision.units import ImageClassifier, Residual, normalised, rectified

Stem = Literal["cifar", "imagenet"]

BLOCKS = {18: (2, 2, 2, 2), 50: (3, 4, 6, 3)}


@dataclass(frozen=True, kw_only=True)
class ResNetSettings(VisionSettings):
    """Size of a ResNet; `width` w makes its four stages w, 2w, 4w and 8w wide (4 times that at depth 50).

    Parameters
    ----------
    depth
        18 (two 3x3 convolutions a block) or 50 (1x1, 3x3, 1x1).
    stem
        `cifar`: 3x3 at stride 1; `imagenet`: 7x7 at stride 2 and a max pool.
    inner
        Channels between the convolutions of a block of the first stage, doubled at each further stage; `width` where it
        is None. Less is the non-linear bottleneck of Golubeva 2021, section 2.2.
    """

    depth: int = 18
    stem: Stem = "cifar"
    inner: int | None = None

    def __post_init__(self) -> None:
        """Check every size."""
        super().__post_init__()
        if self.depth not in BLOCKS:
            raise ConfigError("depth", self.depth, " or ".join(map(str, BLOCKS)))
        if self.stem not in get_args(Stem):
            raise ConfigError("stem", self.stem, " or ".join(get_args(Stem)))
        if self.inner is not None:
            self.check_least("inner", 1)


def _stem(kind: Stem, width: int) -> list[nn.Module]:
    if kind == "cifar":
        return rectified(3, width, 3)
    return [*rectified(3, width, 7, stride=2), nn.MaxPool2d(3, stride=2, padding=1)]


def _block(depth: int, inputs: int, inner: int, outputs: int, stride: int) -> nn.Sequential:
    if depth == 18:
        branch = [*rectified(inputs, inner, 3, stride=stride), *normalised(inner, outputs, 3)]
    else:
        # The stride is the 3x3 convolution's, as in every public version since the paper.
        middle = rectified(inner, inner, 3, stride=stride)
        branch = [*rectified(inputs, inner, 1), *middle, *normalised(inner, outputs, 1)]
    same = stride == 1 and inputs == outputs
    shortcut = nn.Identity() if same else nn.Sequential(*normalised(inputs, outputs, 1, stride=stride))
    return nn.Sequential(Residual(nn.Sequential(*branch), shortcut), nn.ReLU(inplace=True))


class ResNet(ImageClassifier):
    """ResNet with projection shortcuts; with the `imagenet` stem at width 64 it is torchvision's.

    Its parameters stand in the order of torchvision's, and start as torch draws them.
    """

    def __init__(self, settings: ResNetSettings) -> None:
        width, depth = settings.width, settings.depth
        inner = width if settings.inner is None else settings.inner
        layers, inputs = _stem(settings.stem, width), width
        for stage, blocks in enumerate(BLOCKS[depth]):
            outputs = width * 2**stage * (4 if depth == 50 else 1)
            for block in range(blocks):
                stride = 2 if stage and not block else 1
                layers.append(_block(depth, inputs, inner * 2**stage, outputs, stride))
                inputs = outputs
        super().__init__(nn.Sequential(*layers), inputs, settings.classes)
        self.settings = settings
