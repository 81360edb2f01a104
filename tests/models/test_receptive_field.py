"""The receptive field computed from the layers, against known sizes and against gradients."""

import pytest
import torch
from torch import nn

from models.audio.resnet import AudioResNet, AudioResNetSettings
from models.receptive_field import Reach, receptive_field
from models.weights.damping import damp


@pytest.mark.parametrize(("depth", "pointwise"), [(1, 0), (1, 1), (1, 5), (2, 1), (3, 0), (5, 2)])
@pytest.mark.parametrize("damped", [False, True])
def test_sizes_of_the_paper(depth: int, pointwise: int, damped: bool) -> None:
    network = AudioResNet(AudioResNetSettings(width=4, depth=depth, pointwise_depth=pointwise))
    if damped:
        damp(network, 0.1)
    for axis in receptive_field(network.features):
        assert (axis.size, axis.jump, axis.centre) == (167 + 64 * (depth - 1), 16, 8.0)


def linear_twin(depth: int) -> nn.Sequential:
    """The same layers with every non-linearity taken out and positive weights, so that no gradient cancels."""
    layers = []
    for module in AudioResNet(AudioResNetSettings(width=1, depth=depth)).features.modules():
        if isinstance(module, nn.Conv2d) and module.in_channels == module.out_channels == 1:
            layers.append(module)
        elif isinstance(module, nn.MaxPool2d):
            layers.append(nn.AvgPool2d(2))
    for layer in layers:
        if isinstance(layer, nn.Conv2d):
            nn.init.constant_(layer.weight, 1.0)
    return nn.Sequential(*layers).double()


def test_equals_the_support_of_the_gradient() -> None:
    network = linear_twin(depth=1)
    x = torch.zeros(1, 1, 256, 431, dtype=torch.float64, requires_grad=True)
    y = network(x)
    row, column = y.shape[2] // 2, y.shape[3] // 2
    y[0, 0, row, column].backward()
    mel, frame = receptive_field(network)
    assert x.grad is not None
    support = x.grad[0, 0].nonzero()
    first, last = support.min(0).values.tolist(), support.max(0).values.tolist()
    assert first == [mel.first + mel.jump * row, frame.first + frame.jump * column]
    assert last == [mel.last + mel.jump * row, frame.last + frame.jump * column]


def test_dilation_stride_and_padding_by_hand() -> None:
    network = nn.Sequential(nn.Conv2d(1, 1, (3, 1), stride=(2, 1), padding=(1, 0)), nn.Conv2d(1, 1, 3, dilation=2))
    assert receptive_field(network) == (Reach(-1, 9, 2), Reach(0, 4, 1))


def test_unknown_layers_and_unequal_paths_are_errors() -> None:
    with pytest.raises(TypeError, match="Linear"):
        receptive_field(nn.Sequential(nn.Linear(2, 2)))
    with pytest.raises(ValueError, match="jumps"):
        Reach(0, 1, 1).joined(Reach(0, 1, 2))
