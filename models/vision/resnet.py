"""ResNet-18, ResNet-50 and ResNet-56 (He et al. 2016) for small images and for ImageNet, scaled by width."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from torch import nn

from common.errors import ConfigError, check_choice
from models.vision.layers import ImageClassifier, Residual, normalised, rectified, set_batch_norm_momentum
from models.vision.settings import BatchNormSettings

Stem = Literal["cifar", "imagenet"]
Projections = Literal["changes", "stages"]

BLOCKS = {18: (2, 2, 2, 2), 50: (3, 4, 6, 3), 56: (9, 9, 9)}


@dataclass(frozen=True, kw_only=True)
class ResNetSettings(BatchNormSettings):
    """Settings of a ResNet with stages of w, 2w, 4w and (except at depth 56) 8w channels, 4 times as many at depth 50.

    Parameters
    ----------
    channels
        Input channels.
    stem
        `cifar`: 3x3 at stride 1; `imagenet`: 7x7 at stride 2 and a max pool.
    inner
        Channels between the convolutions of a block in the first stage, doubled in each further stage; None: `width`.
        A smaller value is the non-linear bottleneck of Golubeva 2021, section 2.2. It may be fractional, to match a
        number of weights: the channels of each stage are rounded, to at least one.
    projections
        Which shortcuts are projections. `changes`: those of blocks that change size or channels, as in torchvision.
        `stages`: those of the first block of each stage, as in TensorFlow's official models, used by Casper 2021, whose
        `batch_norm_momentum` is 0.003.
    """

    depth: ClassVar[int]
    """18 or 56 (blocks of two 3x3 convolutions) or 50 (blocks of 1x1, 3x3 and 1x1)."""

    channels: int = 3
    stem: Stem = "cifar"
    inner: float | None = None
    projections: Projections = "changes"

    def __post_init__(self) -> None:
        """Check every size."""
        super().__post_init__()
        for field, kind in (("stem", Stem), ("projections", Projections)):
            check_choice(field, getattr(self, field), kind)
        if self.inner is not None and not self.inner > 0:
            raise ConfigError("inner", self.inner, "a number above 0, or None")


@dataclass(frozen=True, kw_only=True)
class ResNet18Settings(ResNetSettings, kind="resnet18"):
    """Settings of a ResNet-18."""

    depth: ClassVar[int] = 18


@dataclass(frozen=True, kw_only=True)
class ResNet50Settings(ResNetSettings, kind="resnet50"):
    """Settings of a ResNet-50."""

    depth: ClassVar[int] = 50


@dataclass(frozen=True, kw_only=True)
class ResNet56Settings(ResNetSettings, kind="resnet56"):
    """Settings of the ResNet-56 of Casper 2021, TensorFlow's official model; the default is the paper's size 1x."""

    depth: ClassVar[int] = 56
    width: int = 16
    projections: Projections = "stages"
    batch_norm_momentum: float = 0.003


def _stem(kind: Stem, channels: int, width: int) -> list[nn.Module]:
    if kind == "cifar":
        return rectified(channels, width, 3)
    return [*rectified(channels, width, 7, stride=2), nn.MaxPool2d(3, stride=2, padding=1)]


def _block(depth: int, inputs: int, inner: int, outputs: int, stride: int, project: bool) -> nn.Sequential:
    if depth == 50:
        # The 3x3 convolution has the stride, as in all public versions since the paper.
        middle = rectified(inner, inner, 3, stride=stride)
        branch = [*rectified(inputs, inner, 1), *middle, *normalised(inner, outputs, 1)]
    else:
        branch = [*rectified(inputs, inner, 3, stride=stride), *normalised(inner, outputs, 3)]
    shortcut = nn.Sequential(*normalised(inputs, outputs, 1, stride=stride)) if project else nn.Identity()
    return nn.Sequential(Residual(nn.Sequential(*branch), shortcut), nn.ReLU(inplace=True))


class ResNet(ImageClassifier):
    """ResNet; with the `imagenet` stem, width 64 and depth 18 or 50 it equals torchvision's.

    Parameters are in the same order as torchvision's, with torch's default initialisation. The `sites` are the stem's
    ReLU and the output of each stage.
    """

    def __init__(self, settings: ResNetSettings) -> None:
        width, depth = settings.width, settings.depth
        inner = width if settings.inner is None else settings.inner
        layers, inputs, sites = _stem(settings.stem, settings.channels, width), width, ["features.2"]
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
