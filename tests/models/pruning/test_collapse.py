"""Whether a masked network still connects its input with its output."""

import pytest
import torch
from torch import Tensor, nn

from models.audio.resnet import AudioResNet, AudioResNetSettings
from models.pruning.collapse import empty_layers, is_connected
from models.pruning.masks import random_masks
from models.weights.damping import damp
from tests.models.pruning.small_networks import SmallResidual, draw, images, mlp


@pytest.mark.parametrize("seed", range(20))
def test_a_path_is_a_nonzero_product_of_the_masks(seed: int) -> None:
    sizes = (12, 10, 10, 8)
    masks = random_masks(mlp(sizes), {"0": 5, "2": 4, "4": 4}, seed)
    paths = masks["4"].double() @ masks["2"].double() @ masks["0"].double()
    assert is_connected(mlp(sizes), masks, torch.zeros(3, 12)) == bool(paths.any())


def test_about_half_of_those_networks_are_connected() -> None:
    sizes = (12, 10, 10, 8)
    networks = [random_masks(mlp(sizes), {"0": 5, "2": 4, "4": 4}, seed) for seed in range(20)]
    assert 3 < sum(is_connected(mlp(sizes), masks, torch.zeros(1, 12)) for masks in networks) < 17


def test_weights_do_not_matter_and_stay() -> None:
    network = mlp((4, 3, 2), gain=0.0)
    assert is_connected(network, {}, torch.zeros(1, 4))
    assert not any(bool(value.any()) for value in network.parameters())


def test_biases_are_no_path() -> None:
    network = SmallResidual()
    nothing = torch.zeros(4, 1, 3, 3, dtype=torch.bool)
    assert not is_connected(network, {"stem.0": nothing}, images()[0][0])


def test_a_shortcut_leads_around_an_empty_layer() -> None:
    network, x = SmallResidual(), images()[0][0]
    masks = {"branch.0": torch.zeros(6, 4, 3, 3, dtype=torch.bool)}
    assert empty_layers(masks) == ["branch.0"]
    assert is_connected(network, masks, x)
    assert not is_connected(network, masks | {"shortcut": torch.zeros(6, 4, 1, 1, dtype=torch.bool)}, x)


def test_a_damped_network_at_any_batch_norm_state_is_connected() -> None:
    network = AudioResNet(AudioResNetSettings(width=4))
    damp(network, 0.1)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d) and isinstance(module.running_mean, Tensor):
            module.running_mean += 100
            nn.init.zeros_(module.weight)
    assert is_connected(network, {}, draw((1, 1, 64, 64), 0))
