"""The receptive-field-regularised ResNet that Koutini 2021 scales in width, depth and pointwise depth (Table 1)."""

from dataclasses import dataclass

from torch import Tensor, nn

from common.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class NetworkSettings:
    """Size of the network: `width` W, `depth` D and `pointwise_depth` K of Table 1, input channels and classes."""

    width: int = 32
    depth: int = 1
    pointwise_depth: int = 1
    channels: int = 1
    classes: int = 10

    def __post_init__(self) -> None:
        """Check every size."""
        least = {"width": 1, "depth": 1, "pointwise_depth": 0, "channels": 1, "classes": 2}
        for field, smallest in least.items():
            if getattr(self, field) < smallest:
                raise ConfigError(field, getattr(self, field), f"a whole number of at least {smallest}")


def _convolution(inputs: int, outputs: int, kernel: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False)


class ResidualBlock(nn.Module):
    """Block R of Table 1: conv, BN, ReLU, conv, BN, plus shortcut, ReLU; stride 1, same padding.

    Parameters
    ----------
    inputs, outputs
        Channels. Where they differ the shortcut is a 1x1 convolution with batch norm, else the identity.
    first, second
        Kernel sizes of the two convolutions.
    """

    def __init__(self, inputs: int, outputs: int, first: int, second: int) -> None:
        super().__init__()
        self.conv1 = _convolution(inputs, outputs, first)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = _convolution(outputs, outputs, second)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut: nn.Module = nn.Identity()
        if inputs != outputs:
            self.shortcut = nn.Sequential(_convolution(inputs, outputs, 1), nn.BatchNorm2d(outputs))
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, inputs, mel, frame) to (batch, outputs, mel, frame)."""
        y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(y + self.shortcut(x))  # type: ignore[no-any-return]


class AudioResNet(nn.Module):
    """The network of Koutini 2021, Table 1.

    `features` ends in the last residual block, the penultimate layer whose receptive field the paper draws;
    `classifier` turns it into a map of class scores, which `forward` averages over mel bands and frames.
    """

    def __init__(self, settings: NetworkSettings) -> None:
        super().__init__()
        width, depth, pointwise = settings.width, settings.depth, settings.pointwise_depth
        layers: list[nn.Module] = [
            nn.Conv2d(settings.channels, width, 5, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            ResidualBlock(width, width, 3, 1),
            nn.MaxPool2d(2),
            ResidualBlock(width, width, 3, 3),
            nn.MaxPool2d(2),
            ResidualBlock(width, width, 3, 3),
            ResidualBlock(width, width, 3, 3),
            nn.MaxPool2d(2),
        ]
        layers += [ResidualBlock(width if i == 0 else 2 * width, 2 * width, 3, 3) for i in range(depth)]
        layers += [ResidualBlock((2 if i == 0 else 4) * width, 4 * width, 1, 1) for i in range(pointwise)]
        self.settings = settings
        self.features = nn.Sequential(*layers)
        outputs = (4 if pointwise else 2) * width
        self.classifier = nn.Sequential(_convolution(outputs, settings.classes, 1), nn.BatchNorm2d(settings.classes))

    def class_map(self, x: Tensor) -> Tensor:
        """Map spectrograms (batch, channel, mel, frame) to class scores per place (batch, class, mel', frame')."""
        return self.classifier(self.features(x))  # type: ignore[no-any-return]

    def forward(self, x: Tensor) -> Tensor:
        """Map spectrograms (batch, channel, mel, frame) to logits (batch, class)."""
        # In bfloat16 neighbouring logits would tie: the mean over places is taken, and kept, in float32.
        return self.class_map(x).float().mean(dim=(2, 3))
