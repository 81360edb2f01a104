"""Layers that image networks with batch norm share."""

from torch import Tensor, nn


def normalised(inputs: int, outputs: int, kernel: int, *, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    """Return a convolution with same padding and without bias, and its batch norm."""
    padding = kernel // 2
    convolution = nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=padding, groups=groups, bias=False)
    return [convolution, nn.BatchNorm2d(outputs)]


def rectified(inputs: int, outputs: int, kernel: int, *, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    """Return a convolution with same padding and without bias, its batch norm and a ReLU."""
    return [*normalised(inputs, outputs, kernel, stride=stride, groups=groups), nn.ReLU(inplace=True)]


def set_batch_norm_momentum(network: nn.Module, momentum: float) -> None:
    """Set the momentum of all batch norms in place; a momentum of 0.003 is a decay of 0.997 in TensorFlow."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = momentum


class Residual(nn.Module):
    """Sum of a branch and a shortcut: `branch(x) + shortcut(x)`."""

    def __init__(self, branch: nn.Module, shortcut: nn.Module) -> None:
        super().__init__()
        self.branch = branch
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, channel, row, column) to the sum of both outputs."""
        return self.branch(x) + self.shortcut(x)  # type: ignore[no-any-return]


class ImageClassifier(nn.Module):
    """`features`, their mean over rows and columns, and a linear classifier; for images of any size."""

    def __init__(self, features: nn.Module, channels: int, classes: int) -> None:
        super().__init__()
        self.features = features
        self.classifier = nn.Linear(channels, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Map images (batch, 3, row, column) to logits (batch, class)."""
        return self.classifier(self.features(x).mean(dim=(2, 3)))  # type: ignore[no-any-return]
