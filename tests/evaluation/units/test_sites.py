"""Sites: which modules can be one, and that every one is seen once."""

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor, nn

from common.errors import ConfigError
from evaluation.units.sites import find_sites, watched_logits


class Shared(nn.Module):
    """Uses one ReLU twice, and another never."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.relu, self.idle = nn.Linear(3, 4), nn.Linear(4, 2), nn.ReLU(), nn.ReLU()
        self.alias = self.first
        self.lost = nn.LSTM(2, 2, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.lost(self.relu(self.second(self.relu(self.first(x)))))[0]  # type: ignore[no-any-return]


def test_sites_are_found_in_their_order() -> None:
    network = Shared()
    assert list(find_sites(network, ["second", "alias"]).items()) == [
        ("second", network.second),
        ("alias", network.first),
    ]


@pytest.mark.parametrize("names", [[], ["third"], [""], ["first", "first"], ["first", "alias"]])
def test_names_that_do_not_do(names: Sequence[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        find_sites(Shared(), names)
    assert caught.value.field == "sites"


@pytest.mark.parametrize(("name", "reason"), [("relu", "2 times"), ("idle", "0 times"), ("lost", "tuple")])
def test_a_site_computes_one_tensor_once(name: str, reason: str) -> None:
    network = Shared()
    with pytest.raises(ConfigError, match=reason):
        watched_logits(network, find_sites(network, [name]), torch.zeros(5, 3), lambda _site, _output: None)
    assert not any(module._forward_hooks for module in network.modules())


def test_outputs_are_shown_and_replaced() -> None:
    network, x, seen = Shared(), torch.randn(5, 3), []

    def see(site: str, output: Tensor) -> Tensor | None:
        seen.append((site, tuple(output.shape)))
        return output * 0 if site == "second" else None

    logits = watched_logits(network, find_sites(network, ["second", "first"]), x, see)
    assert seen == [("first", (5, 4)), ("second", (5, 2))]
    torch.testing.assert_close(logits, network.lost(torch.zeros(5, 2))[0])
