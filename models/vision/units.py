"""The pieces that image networks with batch norm are made of."""

from torch import Tensor, nn


def normalised(inputs: int, outputs: int, kernel: int, *, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    """Return a convolution without bias, same padding, and its batch norm."""
    padding = kernel // 2
    convolution = nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=padding, groups=groups, bias=False)
    return [convolution, nn.BatchNorm2d(outputs)]


def rectified(inputs: int, outputs: int, kernel: int, *, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    """Return a convolution without bias, same padding, its batch norm and a ReLU."""
    return [*normalised(inputs, outputs, kernel, stride=stride, groups=groups), nn.ReLU(inplace=True)]


def set_batch_norm_momentum(network: nn.Module, momentum: float) -> None:
    """Set by how much the running statistics of every batch norm move in a step: 0.003 is TensorFlow's decay 0.997."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = momentum


class Residual(nn.Module):
    """`branch(x) + shortcut(x)`."""

    def __init__(self, branch: nn.Module, shortcut: nn.Module) -> None:
        super().__init__()
        self.branch = branch
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, channel, row, column) to the sum of what both make of it."""
        return self.branch(x) + self.shortcut(x)  # type: ignore[no-any-return]


class ImageClassifier(nn.Module):
    """`features`, their mean over rows and columns, and one linear layer, whatever the size of the image."""

    def __init__(self, features: nn.Module, channels: int, classes: int) -> None:
        super().__init__()
        self.features = features
        self.classifier = nn.Linear(channels, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Map images (batch, 3, row, column) to logits (batch, class)."""
        return self.classifier(self.features(x).mean(dim=(2, 3)))  # type: ignore[no-any-return]
