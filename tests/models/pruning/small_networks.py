"""Networks and batches that the pruning tests share."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from models.pruning.scores import Batch
from models.weights.damping import damp

MLP_SIZES = (784, 100, 100, 100, 100, 100, 10)
MLP_WEIGHTS = 119_400


def draw(shape: tuple[int, ...], seed: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def mlp(
    sizes: tuple[int, ...] = MLP_SIZES, *, seed: int = 0, gain: float = 2.0, uniform: bool = False
) -> nn.Sequential:
    """Bias-free ReLU network whose weights are normal of variance gain / inputs (2: Kaiming), or uniform in +-1."""
    layers: list[nn.Module] = []
    for position, (inputs, outputs) in enumerate(pairwise(sizes)):
        linear = nn.Linear(inputs, outputs, bias=False)
        with torch.no_grad():
            weight = draw((outputs, inputs), 1000 * seed + position)
            linear.weight.copy_(torch.erf(weight / 2**0.5) if uniform else weight * (gain / inputs) ** 0.5)
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def vectors(count: int = 1, size: int = 256, inputs: int = 784) -> list[Batch]:
    return [(draw((size, inputs), 50 + i), torch.arange(size) % 10) for i in range(count)]


class SmallResidual(nn.Module):
    """A convolution with batch norm and dropout, a residual block with a 1x1 shortcut, and a linear layer."""

    def __init__(self, *, damping: float | None = None, seed: int = 0) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU())
        self.branch = nn.Sequential(nn.Conv2d(4, 6, 3, padding=1), nn.BatchNorm2d(6), nn.Dropout(0.3))
        self.shortcut = nn.Conv2d(4, 6, 1, bias=False)
        self.classifier = nn.Linear(6, 10)
        for position, (name, parameter) in enumerate(self.named_parameters()):
            scale = 1.0 if name.endswith("1.weight") else 0.0  # of batch norm
            parameter.data = scale + 0.3 * draw(tuple(parameter.shape), 1000 * seed + position)
        if damping is not None:
            damp(self, damping)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        logits: Tensor = self.classifier((self.branch(x) + self.shortcut(x)).relu().mean(dim=(2, 3)))
        return logits


def images(count: int = 1, size: int = 20) -> list[Batch]:
    return [(draw((size, 1, 6, 7), 70 + i), torch.arange(size) % 10) for i in range(count)]
