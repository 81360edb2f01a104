"""The student's published sizes and how it starts."""

from typing import Any

import pytest
import scipy.stats
import torch
from torch.nn import functional

from common.errors import ConfigError
from models.vision.mlp import Mlp, MlpSettings, initialise_mlp


@pytest.mark.parametrize(("inputs", "count"), [(10, 1_666), (10_000, 1_280_386)])
def test_published_counts(inputs: int, count: int) -> None:
    with torch.device("meta"):
        network = Mlp(MlpSettings(inputs=inputs))
    assert sum(parameter.numel() for parameter in network.parameters()) == count


def test_hidden_units_are_seen_at_the_activation() -> None:
    network, x, seen = Mlp(MlpSettings(width=7, inputs=3, classes=4)), torch.randn(5, 3), []
    network.activation.register_forward_hook(lambda _module, _inputs, output: seen.append(output))
    logits = network(x)
    torch.testing.assert_close(seen[0], functional.linear(x, network.hidden.weight, network.hidden.bias).clamp(min=0))
    torch.testing.assert_close(logits, functional.linear(seen[0], network.classifier.weight, network.classifier.bias))
    assert logits.shape == (5, 4)


@pytest.mark.parametrize(("deviations", "factor"), [("equal", 1), ("published-code", 0.1)])
@pytest.mark.parametrize("sigma", [1e-4, 1e5])
def test_the_start(sigma: float, deviations: Any, factor: float) -> None:
    network = Mlp(MlpSettings(inputs=40, width=500, classes=10))
    initialise_mlp(network, sigma, seed=2, deviations=deviations)
    law = scipy.stats.truncnorm(-2, 2)
    for layer, deviation in ((network.hidden, factor * sigma), (network.classifier, sigma)):
        assert scipy.stats.kstest(layer.weight.detach().numpy().ravel() / deviation, law.cdf).pvalue > 1e-4
        assert not layer.bias.any()


def test_same_seed_same_weights() -> None:
    weights = []
    for seed in (1, 1, 2):
        network = Mlp(MlpSettings())
        initialise_mlp(network, 0.01, seed)
        weights.append(network.hidden.weight)
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_golubevas_network_has_3970_weights() -> None:
    network = Mlp(MlpSettings(width=5, classes=10, inputs=784, bias=False))
    assert sum(parameter.numel() for parameter in network.parameters()) == 3970


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("activation", ["relu", "linear"])
def test_the_ntk_parametrisation(activation: Any, bias: bool) -> None:
    network = Mlp(MlpSettings(width=4, inputs=9, activation=activation, bias=bias, parametrisation="ntk"))
    x = torch.randn(6, 9)
    hidden = functional.linear(x, network.hidden.weight, network.hidden.bias) / 3
    hidden = hidden.clamp(min=0) if activation == "relu" else hidden
    torch.testing.assert_close(
        network(x), functional.linear(hidden, network.classifier.weight, network.classifier.bias) / 2
    )
    assert (network.hidden.bias is None) is not bias


def test_images_are_taken_as_vectors() -> None:
    network, images = Mlp(MlpSettings(inputs=12)), torch.randn(3, 1, 4, 3)
    assert torch.equal(network(images), network(images.view(3, 12)))


def test_the_start_without_biases() -> None:
    network = Mlp(MlpSettings(bias=False))
    initialise_mlp(network, 0.01, seed=0)
    assert network.hidden.weight.abs().max() <= 0.02


@pytest.mark.parametrize(
    ("field", "value"),
    [("inputs", 0), ("width", 0), ("classes", 1), ("activation", "tanh"), ("parametrisation", "mup")],
)
def test_settings_are_checked(field: str, value: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        MlpSettings(**{field: value})
    assert caught.value.field == field


@pytest.mark.parametrize("sigma", [0.0, -1.0, float("inf"), float("nan")])
def test_sigma_is_checked(sigma: float) -> None:
    with pytest.raises(ConfigError, match="sigma"):
        initialise_mlp(Mlp(MlpSettings()), sigma, 0)


def test_deviations_are_checked() -> None:
    with pytest.raises(ConfigError, match="published-code"):
        initialise_mlp(Mlp(MlpSettings()), 0.01, 0, "paper")  # type: ignore[arg-type]
