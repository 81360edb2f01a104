"""LeNet-5 against its definition."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from common.errors import ConfigError
from models.vision.lenet import LeNet5, LeNetSettings


def means(x: Tensor) -> Tensor:
    """The mean of every 2 x 2 places."""
    return (x[..., ::2, ::2] + x[..., 1::2, ::2] + x[..., ::2, 1::2] + x[..., 1::2, 1::2]) / 4


@pytest.mark.parametrize("bias", [True, False])
def test_it_is_its_formula(bias: bool) -> None:
    network = LeNet5(LeNetSettings(width=4, units=83, bias=bias, classes=5)).double()
    state = list(network.parameters())
    weights, biases = (state[::2], state[1::2]) if bias else (state, [None] * 5)
    assert [len(weight) for weight in weights] == [4, 10, 80, 55, 5]
    images = torch.randn(2, 3, 32, 32, dtype=torch.float64)
    x = means(functional.conv2d(images, weights[0], biases[0]).clamp(min=0))
    x = means(functional.conv2d(x, weights[1], biases[1]).clamp(min=0))
    x = functional.conv2d(x, weights[2], biases[2]).clamp(min=0).flatten(1)
    x = functional.linear(x, weights[3], biases[3]).clamp(min=0)
    torch.testing.assert_close(network(images), functional.linear(x, weights[4], biases[4]))


def test_units_are_checked() -> None:
    with pytest.raises(ConfigError, match="units"):
        LeNetSettings(units=5)
