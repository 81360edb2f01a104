"""Networks by name: each is built from plain words and numbers, and its sites can be ablated."""

import json
from typing import Any, get_args

import pytest
import torch
from torch import Tensor, nn

from common.errors import ConfigError
from common.identity import plain
from evaluation.units.removability import ablation_curves
from evaluation.units.settings import RemovabilitySettings
from evaluation.units.sites import find_sites, watched_logits
from models.vision.architectures import Architecture, build, network_settings, unit_sites
from models.vision.named_initialisers import initialise_named

# Small ones; all for 3 classes.
SMALL: dict[Architecture, dict[str, Any]] = {
    "mlp": {"width": 8, "inputs": 12},
    "lenet5": {"width": 3},
    "alexnet": {"width": 12},
    "resnet18": {"width": 4, "stem": "imagenet", "projections": "stages"},
    "resnet50": {"width": 2},
    "resnet56": {"width": 4},
    "vgg19": {"width": 3},
    "mobilenetv2": {"width": 4},
    "fixup-resnet110": {"width": 2},
    "inception3": {"width": 4, "layer": 54},
}
# Parameters, biases and batch norm with them: for 10 classes, but 2 of the MLP's and 1000 of Inception's.
PUBLISHED: dict[Architecture, int] = {
    "mlp": 1_666,
    "lenet5": 62_006,
    "alexnet": 6_989_642,
    "resnet18": 11_173_962,
    "resnet50": 23_520_842,
    "resnet56": 856_058,
    "vgg19": 20_035_018,
    "mobilenetv2": 2_296_922,
    "fixup-resnet110": 1_720_138,
    "inception3": 23_834_568,
}
# How many units each site has, at these sizes.
UNITS: dict[Architecture, list[int]] = {
    "mlp": [8],
    "alexnet": [12, 32, 48, 24],
    "resnet18": [4, 4, 8, 16, 32],
    "resnet50": [2, 8, 16, 32, 64],
    "resnet56": [4, 4, 8, 16],
    "inception3": [4, 4, 8, 10, 24, 32, 36, 54, 114, 96, 96, 96, 96, 160, 256, 256],
}


def small(name: Architecture) -> tuple[nn.Module, Tensor]:
    shape = {"mlp": (12,), "inception3": (3, 75, 75)}.get(name, (3, 32, 32))
    return build(name, classes=3, **SMALL[name]), torch.randn(5, *shape)


@pytest.mark.parametrize("name", get_args(Architecture))
def test_every_name_is_a_network_that_learns(name: Architecture) -> None:
    network, inputs = small(name)
    logits = network(inputs)
    assert logits.shape == (5, 3)
    nn.functional.cross_entropy(logits, torch.tensor([0, 1, 2, 0, 1])).backward()
    for parameter, value in network.named_parameters():
        assert value.grad is not None, parameter
        # Under Fixup the classifier starts at zero and lets nothing through.
        assert value.grad.any() or name == "fixup-resnet110", parameter


@pytest.mark.parametrize("name", get_args(Architecture))
def test_settings_come_back_from_json(name: Architecture) -> None:
    settings = network_settings(name, classes=3, **SMALL[name])
    written = json.loads(json.dumps(plain(settings)))
    assert network_settings(name, **written) == settings
    with torch.device("meta"):
        assert build(name, **written).settings == settings


@pytest.mark.parametrize("name", get_args(Architecture))
def test_a_name_alone_is_the_published_network(name: Architecture) -> None:
    with torch.device("meta"):
        network = build(name, **{"classes": 1000} if name == "inception3" else {})
    assert sum(parameter.numel() for parameter in network.parameters()) == PUBLISHED[name]


@pytest.mark.parametrize("name", UNITS)
def test_all_that_a_network_says_goes_through_each_site(name: Architecture) -> None:
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
def test_ablation_curves_of_its_sites(name: Architecture) -> None:
    network, inputs = small(name)
    sites = unit_sites(network)
    curves = ablation_curves(network, [inputs], sites, RemovabilitySettings(levels=2, repetitions=1))
    assert list(curves["site"]) == [site for site in sites for _ in range(2)]
    assert (curves.loc[curves["share"] == 0, "unchanged"] == 1).all()


@pytest.mark.parametrize("name", ["alexnet", "resnet18"])
def test_the_first_site_stands_before_pooling(name: Architecture) -> None:
    network, places = build(name, **SMALL[name]), []
    first = find_sites(network, unit_sites(network)[:1])
    watched_logits(network, first, torch.zeros(2, 3, 32, 32), lambda _site, output: places.append(output.shape[2]))
    assert places == [32 if name == "alexnet" else 16]


@pytest.mark.parametrize(("name", "ends"), [("resnet18", (5, 7, 9, 11)), ("resnet56", (11, 20, 29))])
def test_a_resnets_sites_end_its_stages(name: Architecture, ends: tuple[int, ...]) -> None:
    assert unit_sites(build(name, **SMALL[name])) == ("features.2", *(f"features.{end}" for end in ends))


def test_networks_that_were_not_measured() -> None:
    with torch.device("meta"), pytest.raises(ConfigError, match="LeNet5"):
        unit_sites(build("lenet5"))


@pytest.mark.parametrize(
    ("name", "given", "field"),
    [
        ("resnet34", {}, "architecture"),
        ("resnet18", {"depth": 50}, "depth"),
        ("resnet18", {"dropout": 0.5}, "dropout"),
        ("vgg19", {"width": 0}, "width"),
    ],
)
def test_what_does_not_fit_is_named(name: Architecture, given: dict[str, Any], field: str) -> None:
    with pytest.raises(ConfigError) as caught:
        network_settings(name, **given)
    assert caught.value.field == field
