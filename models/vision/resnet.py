"""ResNet-18, ResNet-50 and ResNet-56 (He et al. 2016) by width, for small images and for ImageNet."""

from dataclasses import dataclass
from typing import Literal, get_args

from torch import nn

from common.errors import ConfigError
from models.vision.settings import BatchNormSettings
from models.vision.units import ImageClassifier, Residual, normalised, rectified, set_batch_norm_momentum

Stem = Literal["cifar", "imagenet"]
Projections = Literal["changes", "stages"]

BLOCKS = {18: (2, 2, 2, 2), 50: (3, 4, 6, 3), 56: (9, 9, 9)}


@dataclass(frozen=True, kw_only=True)
class ResNetSettings(BatchNormSettings):
    """Size of a ResNet; `width` w makes its stages w, 2w, 4w and, but for depth 56, 8w wide (4 times that at depth 50).

    Parameters
    ----------
    depth
        18 or 56 (two 3x3 convolutions a block) or 50 (1x1, 3x3, 1x1).
    stem
        `cifar`: 3x3 at stride 1; `imagenet`: 7x7 at stride 2 and a max pool.
    inner
        Channels between the convolutions of a block of the first stage, doubled at each further stage; `width` where it
        is None. Less is the non-linear bottleneck of Golubeva 2021, section 2.2. It need not be whole: every stage's
        channels are rounded, to one at least, so that a number of weights is met through those of the last stage.
    projections
        Which shortcuts are projections. `changes`: those of blocks that change the size or the channels, as in
        torchvision. `stages`: those of every stage's first block, as in TensorFlow's official models, which Casper 2021
        trains; their `batch_norm_momentum` is 0.003.
    """

    depth: int = 18
    stem: Stem = "cifar"
    inner: float | None = None
    projections: Projections = "changes"

    def __post_init__(self) -> None:
        """Check every size."""
        super().__post_init__()
        if self.depth not in BLOCKS:
            raise ConfigError("depth", self.depth, f"one of {', '.join(map(str, BLOCKS))}")
        for field, kind in (("stem", Stem), ("projections", Projections)):
            if getattr(self, field) not in get_args(kind):
                raise ConfigError(field, getattr(self, field), " or ".join(get_args(kind)))
        if self.inner is not None and not self.inner > 0:
            raise ConfigError("inner", self.inner, "a number above 0, or None")


@dataclass(frozen=True, kw_only=True)
class ResNet56Settings(ResNetSettings):
    """Size of the ResNet-56 of Casper 2021, TensorFlow's official one; the paper's size 1x is the default."""

    width: int = 16
    depth: int = 56
    projections: Projections = "stages"
    batch_norm_momentum: float = 0.003


def _stem(kind: Stem, width: int) -> list[nn.Module]:
    if kind == "cifar":
        return rectified(3, width, 3)
    return [*rectified(3, width, 7, stride=2), nn.MaxPool2d(3, stride=2, padding=1)]


def _block(depth: int, inputs: int, inner: int, outputs: int, stride: int, project: bool) -> nn.Sequential:
    if depth == 50:
        # The stride is the 3x3 convolution's, as in every public version since the paper.
        middle = rectified(inner, inner, 3, stride=stride)
        branch = [*rectified(inputs, inner, 1), *middle, *normalised(inner, outputs, 1)]
    else:
        branch = [*rectified(inputs, inner, 3, stride=stride), *normalised(inner, outputs, 3)]
    shortcut = nn.Sequential(*normalised(inputs, outputs, 1, stride=stride)) if project else nn.Identity()
    return nn.Sequential(Residual(nn.Sequential(*branch), shortcut), nn.ReLU(inplace=True))


class ResNet(ImageClassifier):
    """ResNet with projection shortcuts; with the `imagenet` stem at width 64 and depth 18 or 50 it is torchvision's.

    Its parameters stand in the order of torchvision's, and start as torch draws them. Its `sites` are the stem's ReLU
    and the end of every stage.
    """

    def __init__(self, settings: ResNetSettings) -> None:
        width, depth = settings.width, settings.depth
        inner = width if settings.inner is None else settings.inner
        layers, inputs, sites = _stem(settings.stem, width), width, ["features.2"]
        for stage, blocks in enumerate(BLOCKS[depth]):
            outputs = width * 2**stage * (4 if depth == 50 else 1)
            for block in range(blocks):
                stride = 2 if stage and not block else 1
                project = not block and (settings.projections == "stages" or stride > 1 or inputs != outputs)
                layers.append(_block(depth, inputs, max(1, round(inner * 2**stage)), outputs, stride, project))
                inputs = outputs
            sites.append(f"features.{len(layers) - 1}")
        super().__init__(nn.Sequential(*layers), inputs, settings.classes)
        set_batch_norm_momentum(self, settings.batch_norm_momentum)
        self.settings = settings
        self.sites = tuple(sites)
