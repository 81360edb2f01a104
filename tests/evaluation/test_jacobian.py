"""Singular values of Jacobians: closed forms, what batch norm does to them, and Price and Tanner's networks."""

import copy

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from common.errors import ConfigError, DataError
from evaluation.jacobian import Mode, jacobian_spectrum
from models.audio.resnet import AudioResNet, AudioResNetSettings
from models.initialisation import initialise
from models.prunable import Masks, prunable
from models.pruning.allocation import allocate
from models.pruning.masks import random_masks
from models.vision.initialisation import initialise_kaiming
from models.vision.resnet import ResNet, ResNet18Settings
from models.weights.dct import lay_dct_plus_sparse

MODES: tuple[Mode, ...] = ("eval", "train", "train-summed")


def matrix(layer: nn.Module) -> np.ndarray:
    return layer.get_parameter("weight").detach().double().numpy()


@pytest.mark.parametrize("mode", MODES)
def test_a_linear_network_has_the_singular_values_of_its_product(mode: Mode) -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(12, 9), nn.Linear(9, 5))
    expected = np.linalg.svd(matrix(network[2]) @ matrix(network[1]), compute_uv=False)
    spectrum = jacobian_spectrum(network, torch.randn(3, 3, 2, 2), mode)
    np.testing.assert_allclose(spectrum.each, np.tile(expected, (3, 1)), rtol=1e-12)
    np.testing.assert_allclose(spectrum.mean, expected, rtol=1e-12)


def test_a_relu_network_has_one_product_for_each_input() -> None:
    network = nn.Sequential(nn.Linear(6, 20), nn.ReLU(), nn.Linear(20, 4))
    inputs = torch.randn(5, 6)
    open_units = (network[0](inputs) > 0).double().numpy()
    each = [np.linalg.svd(matrix(network[2]) * units @ matrix(network[0]), compute_uv=False) for units in open_units]
    spectrum = jacobian_spectrum(network, inputs)
    np.testing.assert_allclose(spectrum.each, each, rtol=1e-12)
    np.testing.assert_allclose(spectrum.mean, np.mean(each, axis=0), rtol=1e-12)


def normalised_network() -> nn.Sequential:
    network = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Linear(8, 3))
    norm = network[1]
    for value in (norm.weight, norm.running_var):
        nn.init.uniform_(value, 0.5, 2)
    nn.init.normal_(norm.running_mean)
    return network


def test_in_evaluation_batch_norm_is_a_constant_scale() -> None:
    network, inputs = normalised_network(), torch.randn(5, 6)
    norm = network[1]
    scale = (norm.weight / (norm.running_var + norm.eps).sqrt()).detach().double().numpy()
    expected = np.linalg.svd(matrix(network[2]) * scale @ matrix(network[0]), compute_uv=False)
    np.testing.assert_allclose(jacobian_spectrum(network, inputs).each, np.tile(expected, (5, 1)), rtol=1e-6)


def test_in_training_the_batchs_statistics_move_with_the_input() -> None:
    """d z_i / d y_i = gamma / sigma (1 - 1/n - z_i^2 / n) for each channel of a batch of n."""
    network, inputs = normalised_network(), torch.randn(5, 6, dtype=torch.float64)
    norm = network[1]
    y = inputs.numpy() @ matrix(network[0]).T
    deviation = np.sqrt(y.var(axis=0) + norm.eps)
    slopes = matrix(norm) / deviation * (1 - 1 / 5 - ((y - y.mean(axis=0)) / deviation) ** 2 / 5)
    each = [np.linalg.svd(matrix(network[2]) * slope @ matrix(network[0]), compute_uv=False) for slope in slopes]
    np.testing.assert_allclose(jacobian_spectrum(network, inputs, "train").each, each, rtol=1e-9)
    assert jacobian_spectrum(network, inputs, "train-summed").mean.max() < 1e-12


def test_summed_over_the_batch_against_finite_differences() -> None:
    network = nn.Sequential(normalised_network(), nn.Tanh()).double()
    inputs = torch.randn(4, 6, dtype=torch.float64)

    def summed(x: Tensor) -> Tensor:
        return copy.deepcopy(network).train()(x).sum(dim=0)

    spectrum = jacobian_spectrum(network, inputs, "train-summed")
    for i in range(4):
        steps = []
        for place in range(6):
            step = torch.zeros_like(inputs)
            step[i, place] = 1e-5
            steps.append((summed(inputs + step) - summed(inputs - step)) / 2e-5)
        expected = torch.linalg.svdvals(torch.stack(steps, dim=1).detach())
        np.testing.assert_allclose(spectrum.each[i], expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_how_many_at_once_changes_nothing(at_once: int) -> None:
    network, inputs = ResNet(ResNet18Settings(width=4, classes=3)), torch.randn(3, 3, 16, 16)
    whole, parts = (jacobian_spectrum(network, inputs, at_once=n).each for n in (8, at_once))
    np.testing.assert_allclose(parts, whole, rtol=1e-10)


@pytest.mark.parametrize("mode", MODES)
def test_the_network_is_left_as_it_was(mode: Mode) -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout(), nn.ReLU(), nn.Flatten()).train()
    network[0].bias.requires_grad_(False)
    before, inputs = copy.deepcopy(network.state_dict()), torch.randn(2, 3, 5, 5)
    with torch.no_grad():
        first, again = (jacobian_spectrum(network, inputs, mode) for _ in range(2))
    np.testing.assert_array_equal(first.each, again.each)
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name])
        assert value.dtype == before[name].dtype
    assert all(module.training for module in network.modules())
    assert [p.requires_grad for p in network.parameters()] == [True, False, True, True]
    assert all(p.grad is None for p in network.parameters())
    assert not inputs.requires_grad


def audio_network(name: str) -> AudioResNet:
    network = AudioResNet(AudioResNetSettings(width=4))
    initialise(network, name, seed=0)
    return network


def test_the_audio_network_at_its_start() -> None:
    """It is zero as published and not with Kaiming's weights, but for the sum over a batch that batch norm centres."""
    clips = torch.randn(3, 1, 48, 40)
    largest = {mode: jacobian_spectrum(audio_network("kaiming"), clips, mode).mean[0] for mode in MODES}
    assert min(largest["eval"], largest["train"]) > 1e-3
    assert largest["train-summed"] < 1e-5 * largest["train"]
    for mode in MODES:
        assert not jacobian_spectrum(audio_network("fixup"), clips, mode).each.any()


def test_what_cannot_be_is_named() -> None:
    network = nn.Linear(3, 2)
    with pytest.raises(ConfigError, match="mode"):
        jacobian_spectrum(network, torch.ones(1, 3), "test")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="no input"):
        jacobian_spectrum(network, torch.ones(0, 3))
    nn.init.constant_(network.weight, torch.inf)
    with pytest.raises(DataError, match="not finite"):
        jacobian_spectrum(network, torch.ones(1, 3))


def kaiming_resnet(**settings: int) -> ResNet:
    network = ResNet(ResNet18Settings(**settings))  # type: ignore[arg-type]
    initialise_kaiming(network, seed=0)
    return network


def uniform_masks(network: nn.Module, density: float) -> Masks:
    """Round every layer's count down, as the public code does: at 0.1 % one more weight in the stem can save it."""
    counts = {name: int(density * layer.weight.numel()) for name, layer in prunable(network).items()}
    return random_masks(network, counts, seed=0)


def equal_masks(network: nn.Module, density: float) -> Masks:
    """Keep equally many weights of every layer (EPL)."""
    budget = int(density * sum(layer.weight.numel() for layer in prunable(network).values()))
    return random_masks(network, allocate(network, budget, "equal_per_layer"), seed=0)


def keep(network: nn.Module, masks: Masks) -> None:
    for name, mask in masks.items():
        prunable(network)[name].weight.data *= mask


def images(count: int, size: int = 32) -> Tensor:
    return torch.randn(count, 3, size, size, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("mode", MODES)
def test_a_dct_plus_sparse_network_starts_alike_at_every_density(mode: Mode) -> None:
    spectra = []
    for density in (0.0, 0.001, 1.0):
        network = kaiming_resnet(width=8)
        lay_dct_plus_sparse(network, uniform_masks(network, density))
        spectra.append(jacobian_spectrum(network, images(3, size=16), mode).each)
    assert (spectra[0] > 0).all()
    np.testing.assert_array_equal(spectra[0], spectra[1])
    np.testing.assert_array_equal(spectra[0], spectra[2])
    sparse = kaiming_resnet(width=8)
    keep(sparse, uniform_masks(sparse, 0.001))
    assert not jacobian_spectrum(sparse, images(3, size=16), mode).each.any()


# Largest singular values of ResNet-50, mean over 8 random images, found once by other code: in evaluation mode and of
# the summed outputs in training mode, each with the factor by which draws of weights and mask may differ, more where
# few weights are left.
FOUND = {
    "dense": ((1.0e2, 2), (3.7e1, 1.5)),
    "DCT plus sparse": ((1.8e5, 1.1), (17, 1.5)),
    "uniform 1 %": ((1.2e-7, 50), (11.7, 3)),
    "uniform 0.5 %": ((4.1e-9, 50), (20, 3)),
    "uniform 0.1 %": ((0, 1), (0, 1)),
    "EPL 0.2 %": ((1.7e-6, 50), (7.7, 3)),
    "EPL 0.1 %": ((1.9e-11, 500), (2.2, 3)),
    "EPL 0.02 %": ((0, 1), (0, 1)),
}
ALLOCATED = {"uniform": uniform_masks, "EPL": equal_masks}


@pytest.mark.slow
@pytest.mark.parametrize("kind", FOUND)
def test_resnet_50_at_its_start(kind: str) -> None:
    network = kaiming_resnet(depth=50)
    if kind == "DCT plus sparse":
        lay_dct_plus_sparse(network, uniform_masks(network, 0.001))
    elif kind.endswith("%"):
        allocation, share, _ = kind.split()
        keep(network, ALLOCATED[allocation](network, float(share) / 100))
    modes: tuple[Mode, ...] = ("eval", "train-summed")
    for mode, (found, factor) in zip(modes, FOUND[kind], strict=True):
        largest = jacobian_spectrum(network, images(8), mode).mean[0]
        assert found / factor <= largest <= found * factor, mode
    own = jacobian_spectrum(network, images(2), "train").mean[0]
    assert (own == 0) == (kind in ("uniform 0.1 %", "EPL 0.02 %"))
