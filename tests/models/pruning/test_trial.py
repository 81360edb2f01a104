"""The copy on which masks are tried, and what counts as the values under a weight."""

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrize

from common.errors import ConfigError
from models.pruning.trial import trial_copy, values_of
from tests.models.pruning.small_networks import SmallResidual, images


def test_the_copy_computes_what_the_network_computes_with_masked_values() -> None:
    network = SmallResidual(damping=0.2).eval()
    mask = torch.rand(6, 4, 3, 3, generator=torch.Generator().manual_seed(0)) < 0.5
    x = images()[0][0]
    before = network(x)
    trial = trial_copy(network, {"branch.0": mask})
    assert torch.equal(network(x), before)
    values_of(network)["branch.0"].data *= mask
    assert not torch.equal(network(x), before)
    torch.testing.assert_close(trial(x), network(x), rtol=0, atol=0)


def test_the_values_of_a_damped_weight_are_what_is_damped() -> None:
    network = SmallResidual(damping=0.2)
    values = values_of(network)
    assert list(values) == ["stem.0", "branch.0", "shortcut", "classifier"]
    assert {id(value) for value in values.values()} <= {id(parameter) for parameter in network.parameters()}
    assert not torch.equal(values["stem.0"], network.get_submodule("stem.0").weight)  # type: ignore[arg-type]


class Halved(nn.Module):
    """A weight of which only one half is stored."""

    def forward(self, half: torch.Tensor) -> torch.Tensor:
        return torch.cat([half, half])

    def right_inverse(self, weight: torch.Tensor) -> torch.Tensor:
        return weight[: len(weight) // 2]


def test_what_cannot_be_masked_is_named() -> None:
    linear = nn.Linear(4, 4)
    parametrize.register_parametrization(linear, "weight", Halved(), unsafe=True)
    with pytest.raises(ConfigError, match="one value per position"):
        values_of(nn.Sequential(linear))
    with pytest.raises(ConfigError, match="convolutions or linear layers"):
        values_of(nn.ReLU())
