"""Inception-v3 (Szegedy et al. 2016) of torchvision, with all channels scaled, or those of a single block."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from torch import nn
from torchvision.models import inception  # type: ignore[import-untyped]

from common.errors import ConfigError
from models.vision.layers import set_batch_norm_momentum
from models.vision.settings import BatchNormSettings, DropoutSettings


@dataclass(frozen=True, kw_only=True)
class InceptionSettings(BatchNormSettings, DropoutSettings, kind="inception3"):
    """Settings of an Inception-v3: all channels are those of the paper times `width` / 32.

    Parameters
    ----------
    width
        An even number, as all channels are multiples of 16 at width 32.
    layer
        Output channels of the block Mixed_5d, a multiple of 18; None: 9 times the width. Casper 2021 varies this block
        alone ("mixed 2: 35 x 35 x 288"), with all of its convolutions scaled by the same factor.
    auxiliary
        Whether the network has an auxiliary classifier; it then returns both logits in training. The public code of
        Casper 2021 builds this classifier but returns only the main logits.
    dropout
        Dropout rate before the classifier; 0.2 in that code.
    batch_norm_momentum
        Momentum of the running statistics; 0.0003 in that code (decay 0.9997 in TensorFlow).
    """

    width: int = 32
    layer: int | None = None
    auxiliary: bool = False
    dropout: float = 0.5

    def __post_init__(self) -> None:
        """Check every size."""
        super().__post_init__()
        if self.width % 2:
            raise ConfigError("width", self.width, "an even number")
        if self.layer is not None and (self.layer < 18 or self.layer % 18):
            raise ConfigError("layer", self.layer, "a multiple of 18, such as 72 or 1152")


def _convolution(width: int, source: int = 3, entering: int = 3) -> Callable[..., nn.Module]:
    """Return a function that builds torchvision's convolutions with channels scaled by `width` / 32.

    Convolutions of `source` input channels have `entering` input channels instead.
    """

    def convolution(inputs: int, outputs: int, **geometry: Any) -> nn.Module:
        given = entering if inputs == source else inputs * width // 32
        return inception.BasicConv2d(given, outputs * width // 32, **geometry)  # type: ignore[no-any-return]

    return convolution


class Inception3(inception.Inception3):  # type: ignore[misc]
    """torchvision's Inception-v3 for images of at least 75 x 75, with torch's default initialisation.

    The `sites` are the stem's convolutions after their ReLU and the 11 blocks; Casper 2021 plots those with indices 7,
    13 and 15. In its public code the pooling branch of Mixed_6d has the same width at every size.
    """

    sites = (
        *(f"Conv2d_{name}" for name in ("1a_3x3", "2a_3x3", "2b_3x3", "3b_1x1", "4a_3x3")),
        *(f"Mixed_{name}" for name in ("5b", "5c", "5d", "6a", "6b", "6c", "6d", "6e", "7a", "7b", "7c")),
    )

    def __init__(self, settings: InceptionSettings) -> None:
        width, layer = settings.width, settings.layer or 9 * settings.width
        plain = _convolution(width)
        kinds = (inception.InceptionA, inception.InceptionB, inception.InceptionC, inception.InceptionD)
        blocks = [partial(kind, conv_block=plain) for kind in (*kinds, inception.InceptionE, inception.InceptionAux)]
        super().__init__(
            num_classes=settings.classes,
            aux_logits=settings.auxiliary,
            inception_blocks=[plain, *blocks],
            init_weights=False,
            dropout=settings.dropout,
        )
        self.Mixed_5d = inception.InceptionA(288, 64, _convolution(layer // 9, 288, 9 * width))
        self.Mixed_6a = inception.InceptionB(288, _convolution(width, 288, layer))
        self.Mixed_6b = inception.InceptionC(768, 128, _convolution(width, 768, 15 * width + layer))
        if self.AuxLogits is not None:
            self.AuxLogits.fc = nn.Linear(24 * width, settings.classes)
        self.fc = nn.Linear(64 * width, settings.classes)
        set_batch_norm_momentum(self, settings.batch_norm_momentum)
        self.settings = settings
