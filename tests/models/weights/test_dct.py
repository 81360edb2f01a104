"""The cosine transform against scipy's, patch by patch."""

import math
from collections.abc import Callable
from copy import deepcopy

import numpy as np
import pytest
import scipy.fft
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import nn

from common.errors import ConfigError
from models.audio.resnet import AudioResNet
from models.initialisation import initialise
from models.prunable import Masks, prunable
from models.weights.damping import damp
from models.weights.dct import dct_matrix, dct_weight, fixup_alphas, lay_dct_plus_sparse

Keep = Callable[..., Masks]


def scipy_matrix(rows: int, columns: int) -> NDArray[np.float64]:
    size = max(rows, columns)
    return np.asarray(scipy.fft.dct(np.eye(size), type=2, norm="ortho", axis=0)[:rows, :columns])


@given(st.integers(1, 40), st.integers(1, 40))
def test_matrix(rows: int, columns: int) -> None:
    matrix = dct_matrix(rows, columns).numpy()
    np.testing.assert_allclose(matrix, scipy_matrix(rows, columns), atol=1e-14)
    gram = matrix @ matrix.T if rows <= columns else matrix.T @ matrix
    np.testing.assert_allclose(gram, np.eye(min(rows, columns)), atol=1e-13)


def test_high_frequencies_keep_their_digits() -> None:
    np.testing.assert_allclose(dct_matrix(3000, 2000).numpy(), scipy_matrix(3000, 2000), atol=1e-14)


@pytest.mark.parametrize(("inputs", "outputs", "kernel"), [(3, 8, 3), (2, 30, 3), (8, 16, 1), (16, 8, 1), (1, 4, 5)])
def test_a_convolution_is_the_transform_of_every_patch(inputs: int, outputs: int, kernel: int) -> None:
    layer = nn.Conv2d(inputs, outputs, kernel, padding=1, stride=2, bias=False).double()
    lay_dct_plus_sparse(layer, {"": torch.zeros(layer.weight.shape, dtype=torch.bool)}, alpha=0.7)
    x = torch.randn(2, inputs, 9, 7, dtype=torch.float64)
    y = layer(x).detach().numpy()
    padded = np.pad(x.numpy(), ((0, 0), (0, 0), (1, 1), (1, 1)))
    size = max(outputs, inputs * kernel * kernel)
    for row in range(y.shape[2]):
        for column in range(y.shape[3]):
            patch = padded[:, :, 2 * row : 2 * row + kernel, 2 * column : 2 * column + kernel]
            vector = patch.transpose(0, 2, 3, 1).reshape(2, -1)  # (kh, kw, channel), channel fastest
            expected = 0.7 * scipy.fft.dct(vector, n=size, type=2, norm="ortho")[:, :outputs]
            np.testing.assert_allclose(y[:, :, row, column], expected, atol=1e-12)


def test_a_linear_layer_is_the_transform_plus_the_sparse_part() -> None:
    layer, mask = nn.Linear(5, 8), torch.rand(8, 5) < 0.3
    lay_dct_plus_sparse(layer, {"": mask})
    values = torch.randn(int(mask.sum()))
    with torch.no_grad():
        layer.get_parameter("parametrizations.weight.original").copy_(values)
    sparse = np.zeros((8, 5))
    sparse[mask.numpy()] = values.numpy()
    x = torch.randn(6, 5)
    expected = x.numpy() @ (scipy_matrix(8, 5) + sparse).T + layer.bias.detach().numpy()
    np.testing.assert_allclose(layer(x).detach().numpy(), expected, atol=1e-5)


def test_a_depthwise_filter_is_a_frequency_of_its_own() -> None:
    weight = dct_weight(nn.Conv2d(12, 12, 3, groups=12).weight.shape)
    np.testing.assert_allclose(weight.numpy().reshape(12, 9), scipy_matrix(12, 9), atol=1e-14)


def test_values_start_at_zero_and_alpha_is_trained_with_them(audio: AudioResNet, keep_at_most: Keep) -> None:
    masks = keep_at_most(audio, 25)
    lay_dct_plus_sparse(audio, masks, alpha=1.5)
    for layer in prunable(audio).values():
        torch.testing.assert_close(layer.weight, 1.5 * dct_weight(layer.weight.shape).float())
    audio(torch.randn(2, 1, 40, 40)).square().sum().backward()
    gradients = {name: p.grad for name, p in audio.named_parameters() if "parametrizations" in name}
    assert sorted(g.numel() for g in gradients.values() if g is not None) == sorted(
        [1] * len(masks) + [int(mask.sum()) for mask in masks.values()]
    )
    assert not any("transform" in name for name in audio.state_dict())


def test_alpha_can_be_fixed_and_differ_by_layer(audio: AudioResNet, keep_at_most: Keep) -> None:
    alphas = {name: float(i) for i, name in enumerate(prunable(audio))}
    lay_dct_plus_sparse(audio, keep_at_most(audio, 25), alpha=alphas, train_alpha=False)
    found = {name.split(".parametrizations")[0]: p for name, p in audio.named_parameters() if name.endswith("alpha")}
    assert {name: alpha.item() for name, alpha in found.items()} == alphas
    assert not any(alpha.requires_grad for alpha in found.values())


def test_damping_goes_over_transform_and_values(keep_at_most: Keep) -> None:
    layer = nn.Conv2d(2, 3, 3)
    lay_dct_plus_sparse(layer, keep_at_most(layer, 5))
    undamped = layer.weight.detach().clone()
    damp(layer, 0.5)
    torch.testing.assert_close(layer.weight, undamped * torch.tensor([0.5, 1, 0.5]).view(3, 1))
    with pytest.raises(ConfigError, match="layer"):
        lay_dct_plus_sparse(layer, keep_at_most(layer, 5))


def test_alphas_mimic_a_network_that_starts_at_zero(audio: AudioResNet, keep_at_most: Keep) -> None:
    initialise(audio, "fixup", 0)
    x = torch.randn(2, 1, 40, 40)
    plain = deepcopy(audio)
    norms = {name: layer.weight.flatten(1).norm(dim=1).mean().item() for name, layer in prunable(plain).items()}
    lay_dct_plus_sparse(audio, keep_at_most(audio, 25), alpha=fixup_alphas(audio))
    stem, *others = prunable(audio)
    for name in others:
        assert audio.get_submodule(name).weight.flatten(1).norm(dim=1).mean().item() == pytest.approx(norms[name])
    torch.testing.assert_close(audio.get_submodule(stem).weight, dct_weight(plain.features[0].weight.shape).float())
    assert not audio(x).any()  # as the plain network's, whose classifier is zero


def test_published_alphas_of_a_fixup_block() -> None:
    """Price and Tanner's first residual layers: 16 channels, 54 blocks; the closed form gives 0.192 and 0.438."""
    deviation = math.sqrt(2 / (16 * 9)) / math.sqrt(54)
    mean_norm = math.sqrt(2) * deviation * math.exp(math.lgamma(145 / 2) - math.lgamma(144 / 2))
    assert mean_norm == pytest.approx(0.192, abs=5e-4)
    network = nn.Sequential(nn.Conv2d(3, 16, 3), nn.Conv2d(16, 16, 3))
    nn.init.normal_(network[1].weight, 0, deviation, generator=torch.Generator().manual_seed(0))
    sampling = 4 * deviation / math.sqrt(2 * 16)
    assert fixup_alphas(network)["1"] == pytest.approx(mean_norm, abs=sampling)
    assert fixup_alphas(network, published=True)["1"] == pytest.approx(0.438, abs=sampling)
    assert fixup_alphas(network)["0"] == 1
