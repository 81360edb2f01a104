"""A network is still inside the block and what it was after it."""

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrize

from evaluation.frozen import frozen


class Counted(nn.Module):
    """Parametrisation that counts how often it is computed."""

    calls = 0

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        Counted.calls += 1
        return 2 * weight


def measure(network: nn.Module) -> None:
    """Look at a frozen network, and fail."""
    with torch.autocast("cpu"), frozen(network):
        outputs = [network(torch.ones(2, 3)) for _ in range(3)]
        assert not any(module.training for module in network.modules())
        assert not outputs[0].requires_grad
        assert outputs[0].dtype == torch.float32
        raise OSError("stop")


def test_still_inside_and_as_before_after() -> None:
    network = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Dropout())
    parametrize.register_parametrization(network[0], "weight", Counted())
    network[1].eval()
    network[0].bias.requires_grad_(False)
    modes, wanted = ([m.training for m in network.modules()], [p.requires_grad for p in network.parameters()])
    Counted.calls = 0
    with pytest.raises(OSError, match="stop"):
        measure(network)
    assert Counted.calls == 1
    assert [m.training for m in network.modules()] == modes
    assert [p.requires_grad for p in network.parameters()] == wanted
