"""Scores that need no data, and what every score has in common."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from common.errors import ConfigError
from models.audio.resnet import AudioResNet, AudioResNetSettings
from models.pruning.prune import METHODS, Method
from models.pruning.scores import ScoreSettings, magnitude, random, synflow
from models.weights.damping import damp
from tests.models.pruning.small_networks import SmallResidual, draw, images, mlp, vectors


def synflow_scores(network: nn.Module, masks: Mapping[str, Tensor] | None = None) -> dict[str, Tensor]:
    return synflow(network, dict(masks or {}), vectors(size=1), ScoreSettings())


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("damping", [None, 0.2])
def test_the_network_stays_exactly_as_it_was(method: Method, damping: float | None) -> None:
    network = SmallResidual(damping=damping).train()
    network.branch.eval()
    network.shortcut.requires_grad_(False)
    network(images()[0][0]).sum().backward()
    objects = {name: (id(value), id(value.grad), value.requires_grad) for name, value in network.named_parameters()}
    gradients = {name: value.grad.clone() for name, value in network.named_parameters() if value.grad is not None}
    state = {name: value.clone() for name, value in network.state_dict().items()}
    modes = [module.training for module in network.modules()]
    drawn = torch.get_rng_state()
    with torch.no_grad():
        masks = {"branch.0": torch.rand(6, 4, 3, 3, generator=torch.Generator().manual_seed(0)) < 0.5}
        scores = METHODS[method][0](network, masks, images(2), ScoreSettings())
    assert {name: score.shape for name, score in scores.items()} == {
        "stem.0": (4, 1, 3, 3), "branch.0": (6, 4, 3, 3), "shortcut": (6, 4, 1, 1), "classifier": (10, 6)
    }  # fmt: skip
    assert not any(score.requires_grad for score in scores.values())
    assert [module.training for module in network.modules()] == modes
    assert all(torch.equal(value, state[name]) for name, value in network.state_dict().items())
    for name, value in network.named_parameters():
        assert (id(value), id(value.grad), value.requires_grad) == objects[name]
        assert name not in gradients or torch.equal(value.grad, gradients[name])  # type: ignore[arg-type]
    assert torch.equal(torch.get_rng_state(), drawn)


def test_synflow_is_conserved_from_layer_to_layer() -> None:
    flow = torch.ones(784, dtype=torch.float64)
    for value in mlp().parameters():
        flow = value.detach().double().abs() @ flow
    scores = synflow_scores(mlp())
    assert [float(score.sum()) for score in scores.values()] == pytest.approx([float(flow.sum())] * 6, rel=1e-12)


def test_synflow_of_biases_adds_to_the_layers_before() -> None:
    """Tanaka 2020: a layer's scores and those of all biases from it on sum to R."""
    sizes = (9, 8, 7, 6)
    biases = [draw((size,), 20 + size).double() for size in sizes[1:]]
    network = mlp(sizes)
    for position, bias in enumerate(biases):
        network.get_submodule(str(2 * position)).register_parameter("bias", nn.Parameter(bias.clone()))
    weights = [value.detach().double().abs() for value in mlp(sizes).parameters()]
    flow, inner = torch.ones(9, dtype=torch.float64), [bias.abs().requires_grad_() for bias in biases]
    for weight, bias in zip(weights, inner, strict=True):
        flow = weight @ flow + bias
    through = flow.sum()
    from_biases = [
        float((bias.detach() * g).sum()) for bias, g in zip(inner, torch.autograd.grad(through, inner), strict=True)
    ]
    scores = synflow(network, {}, vectors(size=1, inputs=9), ScoreSettings())
    sums = [float(score.sum()) + sum(from_biases[position:]) for position, score in enumerate(scores.values())]
    assert sums == pytest.approx([float(through.detach())] * 3, rel=1e-12)


def test_synflow_is_conserved_at_every_hidden_unit() -> None:
    scores = list(synflow_scores(mlp()).values())
    for before, after in pairwise(scores):
        torch.testing.assert_close(before.sum(dim=1), after.sum(dim=0), rtol=1e-12, atol=0)


def test_synflow_is_conserved_under_masks_and_damping() -> None:
    network = nn.Sequential(
        nn.Conv2d(1, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 5, 3, stride=2, bias=False),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(5, 3, bias=False),
    )  # fmt: skip
    damp(network, 0.1)
    masks = {"3": torch.rand(5, 4, 3, 3, generator=torch.Generator().manual_seed(1)) < 0.4}
    scores = synflow(network, masks, images(size=1), ScoreSettings())
    sums = [float(score.sum()) for score in scores.values()]
    assert sums == pytest.approx([sums[0]] * 3, rel=1e-12)
    assert sums[0] > 0
    assert not bool(scores["3"][~masks["3"]].any())


def test_synflow_works_in_float64_where_float32_overflows() -> None:
    network = mlp(gain=1e16)
    assert all(bool(score.isfinite().all()) for score in synflow_scores(network).values())
    small = synflow(network, {}, vectors(size=1), ScoreSettings(dtype=torch.float32))
    assert not all(bool(score.isfinite().all()) for score in small.values())


def test_magnitude_is_of_the_weight_in_use_or_of_what_is_damped() -> None:
    network = AudioResNet(AudioResNetSettings(width=4))
    damp(network, 0.1)
    used = magnitude(network, {}, [], ScoreSettings())
    stored = magnitude(network, {}, [], ScoreSettings(effective=False))
    factor = torch.tensor([0.1, 0.55, 1, 0.55, 0.1]).view(1, 1, 5, 1)
    torch.testing.assert_close(used["features.0"], stored["features.0"] * factor)
    assert torch.equal(used["classifier.0"], stored["classifier.0"])
    assert all(bool((score >= 0).all()) for score in used.values())


def test_random_scores_follow_from_the_seed() -> None:
    first, again, other = (random(mlp(), {}, [], ScoreSettings(seed=seed)) for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["0"], other["0"])
    assert not torch.equal(first["2"], first["4"])


@pytest.mark.parametrize(
    "setting", [{"loss": "mse"}, {"batch_norm": "train"}, {"dtype": torch.int32}, {"temperature": 0.0}]
)
def test_settings_are_checked(setting: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(setting))):
        ScoreSettings(**setting)
