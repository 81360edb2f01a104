"""Masks that change during training: what is zero, and what comes back."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from common.errors import ConfigError
from models.audio.resnet import AudioResNet
from models.prunable import Masks, prunable
from models.weights.damping import damp
from models.weights.masked import lay_masks, masks_of, present_masks, set_masks
from models.weights.sparse import lay_sparse

pytestmark = pytest.mark.trains

Keep = Callable[..., Masks]


def original(network: nn.Module, name: str) -> nn.Parameter:
    return network.get_submodule(name).get_parameter("parametrizations.weight.original")


def test_a_mask_of_ones_changes_nothing(audio: AudioResNet) -> None:
    x = torch.randn(2, 1, 40, 40)
    before = audio(x)
    lay_masks(audio)
    assert torch.equal(audio(x), before)
    assert all(mask.all() and mask.device.type == "cpu" for mask in masks_of(audio).values())
    assert list(masks_of(audio)) == list(prunable(audio))


@pytest.mark.parametrize("optimiser", [torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW])
def test_zeros_stay_zero_under_momentum_and_weight_decay(
    audio: AudioResNet, keep_at_most: Keep, optimiser: Callable[..., torch.optim.Optimizer]
) -> None:
    lay_masks(audio)
    damp(audio, 0.1)
    options = {"momentum": 0.9} if optimiser is torch.optim.SGD else {}
    chosen = optimiser(audio.parameters(), lr=1e-2, weight_decay=1e-2, **options)
    masks = keep_at_most(audio, 40)
    for step in range(4):
        if step == 2:  # by now there is momentum
            set_masks(audio, masks)
            assert all(not original(audio, name)[~mask].any() for name, mask in masks.items())
        chosen.zero_grad()
        audio(torch.randn(2, 1, 40, 40)).square().sum().backward()
        chosen.step()
    for name, mask in masks.items():
        assert not audio.get_submodule(name).weight[~mask].any()
        assert not original(audio, name).grad[~mask].any()  # type: ignore[index]
        assert audio.get_submodule(name).weight[mask].count_nonzero() > 0.9 * mask.sum()


def test_damping_comes_after_the_mask(audio: AudioResNet, keep_at_most: Keep) -> None:
    weights = {name: layer.weight.detach().clone() for name, layer in prunable(audio).items()}
    lay_masks(audio)
    damp(audio, 0.25)
    masks = keep_at_most(audio, 30)
    set_masks(audio, masks)
    rows = torch.tensor([0.25, 1, 0.25]).view(3, 1)
    name = "features.5.conv1"
    torch.testing.assert_close(audio.get_submodule(name).weight, weights[name] * masks[name] * rows)
    assert all(torch.equal(mask, masks[name]) for name, mask in masks_of(audio).items())


def test_what_is_kept_again_starts_from_zero() -> None:
    layer = nn.Linear(2, 2, bias=False)
    lay_masks(layer)
    mask = torch.tensor([[True, False], [True, True]])
    set_masks(layer, {"": mask})
    with torch.no_grad():
        original(layer, "").add_(1)  # as stale momentum would
    kept = layer.weight.detach().clone()
    assert kept[0, 1] == 0
    set_masks(layer, {"": torch.ones(2, 2, dtype=torch.bool)})
    assert torch.equal(layer.weight, kept)


def test_present_masks_are_the_layers_own_and_setting_them_again_only_clears_what_is_gone() -> None:
    layer = nn.Linear(2, 2, bias=False)
    lay_masks(layer)
    mask = torch.tensor([[True, False], [True, True]])
    set_masks(layer, {"": mask})
    with torch.no_grad():
        original(layer, "").add_(1)
    weight = layer.weight.detach().clone()
    assert present_masks(layer)[""] is not mask
    assert present_masks(layer)[""].data_ptr() == layer.get_buffer("parametrizations.weight.0.mask").data_ptr()
    set_masks(layer, present_masks(layer))
    assert original(layer, "")[0, 1] == 0
    assert torch.equal(layer.weight, weight)
    assert torch.equal(masks_of(layer)[""], mask)


def test_infinite_gradients_do_not_leak_through_zeros() -> None:
    layer = nn.Linear(2, 1, bias=False)
    lay_masks(layer)
    set_masks(layer, {"": torch.tensor([[True, False]])})
    layer(torch.tensor([[1.0, float("inf")]])).nan_to_num(0).sum().backward()
    assert original(layer, "").grad[0, 1] == 0  # type: ignore[index]


def test_an_absent_layer_becomes_dense(audio: AudioResNet, keep_at_most: Keep) -> None:
    lay_masks(audio)
    masks = keep_at_most(audio, 30)
    set_masks(audio, masks)
    stem = masks.pop("features.0")
    set_masks(audio, masks)
    assert not stem.all()
    assert masks_of(audio)["features.0"].all()


def test_masks_that_do_not_fit_change_nothing(audio: AudioResNet, keep_at_most: Keep) -> None:
    masks = keep_at_most(audio, 30)
    with pytest.raises(ConfigError, match="lay_masks"):
        set_masks(audio, masks)
    lay_masks(audio)
    last = list(masks)[-1]
    with pytest.raises(ConfigError, match="shape"):
        set_masks(audio, {**masks, last: masks[last][:1]})
    assert all(mask.all() for mask in masks_of(audio).values())
    with pytest.raises(ConfigError, match="layer"):
        lay_sparse(audio, masks)
    with pytest.raises(ConfigError, match="layer"):
        lay_masks(audio)
