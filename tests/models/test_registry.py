"""Every network of the registry: built, read back, named; its sites can be ablated, its parts are found."""

import json
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from common.errors import ConfigError
from common.identity import from_plain, plain
from evaluation.units.removability import ablation_curves
from evaluation.units.settings import RemovabilitySettings
from evaluation.units.sites import find_sites, watched_logits
from models.network import NetworkSettings, class_map_layers, feature_layers, unit_sites
from models.registry import NETWORKS, build, network_settings
from models.vision.named_initialisers import initialise_named
from tests.networks import built

KINDS = [settings.kind for settings in NETWORKS]
# Small ones; all for 3 classes.
SMALL: dict[str, dict[str, Any]] = {
    "audio-resnet": {"width": 4},
    "cp-mobile": {"width": 8},
    "mlp": {"width": 8, "inputs": 12},
    "lenet5": {"width": 3},
    "alexnet": {"width": 12},
    "resnet18": {"width": 4, "stem": "imagenet", "projections": "stages"},
    "resnet50": {"width": 2},
    "resnet56": {"width": 4},
    "vgg19": {"width": 3},
    "mobilenetv2": {"width": 4},
    "fixup-resnet": {"width": 2},
    "inception3": {"width": 4, "layer": 54},
}
# Parameters, biases and batch norm with them: for 10 classes, but 2 of the MLP's and 1000 of Inception's.
PUBLISHED: dict[str, int] = {
    "audio-resnet": 159_476,
    "cp-mobile": 61_148,
    "mlp": 1_666,
    "lenet5": 62_006,
    "alexnet": 6_989_642,
    "resnet18": 11_173_962,
    "resnet50": 23_520_842,
    "resnet56": 856_058,
    "vgg19": 20_035_018,
    "mobilenetv2": 2_296_922,
    "fixup-resnet": 1_720_138,
    "inception3": 23_834_568,
}
# Of an input, where it is no image of 32 x 32.
SHAPES = {"audio-resnet": (1, 64, 48), "cp-mobile": (1, 64, 48), "mlp": (12,), "inception3": (3, 75, 75)}
# Those that end in a feature map and a linear classifier of it.
MAPPED = ["audio-resnet", "cp-mobile", "resnet18", "resnet50", "resnet56", "vgg19", "mobilenetv2"]
# How many units each site has, at these sizes.
UNITS: dict[str, list[int]] = {
    "mlp": [8],
    "alexnet": [12, 32, 48, 24],
    "resnet18": [4, 4, 8, 16, 32],
    "resnet50": [2, 8, 16, 32, 64],
    "resnet56": [4, 4, 8, 16],
    "inception3": [4, 4, 8, 10, 24, 32, 36, 54, 114, 96, 96, 96, 96, 160, 256, 256],
}


def small(name: str) -> tuple[nn.Module, Tensor]:
    shape = SHAPES.get(name, (3, 32, 32))
    return built(name, classes=3, **SMALL[name]), torch.randn(5, *shape)


@pytest.mark.parametrize("name", KINDS)
def test_every_name_is_a_network_that_learns(name: str) -> None:
    network, inputs = small(name)
    logits = network(inputs)
    assert logits.shape == (5, 3)
    nn.functional.cross_entropy(logits, torch.tensor([0, 1, 2, 0, 1])).backward()
    for parameter, value in network.named_parameters():
        assert value.grad is not None, parameter
        # Under Fixup the classifier starts at zero and lets nothing through.
        assert value.grad.any() or name == "fixup-resnet", parameter


@pytest.mark.parametrize("name", KINDS)
def test_settings_come_back_from_json(name: str) -> None:
    settings = network_settings(name, classes=3, **SMALL[name])
    written = json.loads(json.dumps(plain(settings)))
    assert from_plain(NetworkSettings, written) == settings
    with torch.device("meta"):
        assert build(settings).settings == settings


@pytest.mark.parametrize("name", KINDS)
def test_a_name_alone_is_the_published_network(name: str) -> None:
    with torch.device("meta"):
        network = built(name, **{"classes": 1000} if name == "inception3" else {})
    assert sum(parameter.numel() for parameter in network.parameters()) == PUBLISHED[name]


@pytest.mark.parametrize("name", UNITS)
def test_all_that_a_network_says_goes_through_each_site(name: str) -> None:
    """With a site silent every input is answered alike; what it holds has been through a ReLU."""
    network, inputs = small(name)
    # With less than this variance little of the inputs is left at the end of many layers.
    initialise_named(network, "he-normal", seed=0)
    sites = unit_sites(network)
    intact, units = network.eval()(inputs), []
    assert intact.std(dim=0).max() > 1e-3

    def silence(_site: str, output: Tensor) -> Tensor:
        assert output.min() >= 0
        units.append(output.shape[1])
        return torch.zeros_like(output)

    for modules in (find_sites(network, [site]) for site in sites):
        silent = watched_logits(network, modules, inputs, silence)
        torch.testing.assert_close(silent, silent[:1].expand_as(silent), rtol=1e-5, atol=1e-6)
    assert units == UNITS[name]


@pytest.mark.parametrize("name", UNITS)
def test_ablation_curves_of_its_sites(name: str) -> None:
    network, inputs = small(name)
    sites = unit_sites(network)
    curves = ablation_curves(network, [inputs], sites, RemovabilitySettings(levels=2, repetitions=1))
    assert list(curves["site"]) == [site for site in sites for _ in range(2)]
    assert (curves.loc[curves["share"] == 0, "unchanged"] == 1).all()


@pytest.mark.parametrize("name", ["alexnet", "resnet18"])
def test_the_first_site_stands_before_pooling(name: str) -> None:
    network, places = built(name, **SMALL[name]), []
    first = find_sites(network, unit_sites(network)[:1])
    watched_logits(network, first, torch.zeros(2, 3, 32, 32), lambda _site, output: places.append(output.shape[2]))
    assert places == [32 if name == "alexnet" else 16]


@pytest.mark.parametrize(("name", "ends"), [("resnet18", (5, 7, 9, 11)), ("resnet56", (11, 20, 29))])
def test_a_resnets_sites_end_its_stages(name: str, ends: tuple[int, ...]) -> None:
    assert unit_sites(built(name, **SMALL[name])) == ("features.2", *(f"features.{end}" for end in ends))


@pytest.mark.parametrize("name", MAPPED)
def test_logits_are_the_mean_of_the_class_map(name: str) -> None:
    network, inputs = small(name)
    for module in network.modules():  # batch norm after a classifier of zeros would hide its weights
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.normal_(module.weight, 0, module.weight[0].numel() ** -0.5)
    network.eval()
    features = feature_layers(network)(inputs)
    classes = class_map_layers(network)(inputs)
    assert classes.shape == (5, 3, *features.shape[2:])
    torch.testing.assert_close(classes.mean(dim=(2, 3)), network(inputs), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", [name for name in KINDS if name not in MAPPED])
def test_a_network_without_a_feature_map_says_so(name: str) -> None:
    network, _ = small(name)
    with pytest.raises(ConfigError, match=f"network = '{name}' is not allowed: a network that has a feature map"):
        feature_layers(network)


def test_a_module_of_no_registry_without_a_feature_map() -> None:
    with pytest.raises(ConfigError, match="Sequential"):
        class_map_layers(nn.Sequential(nn.Conv2d(1, 2, 3)))


def test_networks_that_were_not_measured() -> None:
    with torch.device("meta"), pytest.raises(ConfigError, match="LeNet5"):
        unit_sites(built("lenet5"))


@pytest.mark.parametrize(
    ("name", "given", "field"),
    [
        ("resnet34", {}, "network"),
        ("resnet18", {"depth": 50}, "depth"),
        ("resnet18", {"dropout": 0.5}, "dropout"),
        ("vgg19", {"width": 0}, "width"),
    ],
)
def test_what_does_not_fit_is_named(name: str, given: dict[str, Any], field: str) -> None:
    with pytest.raises(ConfigError) as caught:
        network_settings(name, **given)
    assert caught.value.field == field


def test_every_kind_has_its_own_module_and_label() -> None:
    labels = [settings().label for settings in NETWORKS]
    assert len(set(KINDS)) == len(set(labels)) == len(NETWORKS)
    assert "w32-d1-k1" in labels
