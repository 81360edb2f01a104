"""What holds for every scheme, damped or not: it can be stored, copied, cast, cached, baked and taken off."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from models.audio.resnet import AudioResNet
from models.prunable import Masks, prunable
from models.weights.bake import bake, strip
from models.weights.bottleneck import lay_linear_bottleneck, linear_ranks
from models.weights.damping import damp
from models.weights.dct import lay_dct_plus_sparse
from models.weights.hyperplane import lay_hyperplane
from models.weights.masked import lay_masks, masks_of, set_masks
from models.weights.sparse import lay_sparse

Keep = Callable[..., Masks]


def _masked(network: nn.Module, masks: Masks) -> None:
    lay_masks(network)
    set_masks(network, masks)


SCHEMES: dict[str, Callable[[nn.Module, Masks], object]] = {
    "dense": lambda *_: None,
    "sparse": lay_sparse,
    "rescaled": lambda network, masks: lay_sparse(network, masks, mask_init="rescaled"),
    "masked": _masked,
    "dct": lay_dct_plus_sparse,
    "bottleneck": lambda network, _: lay_linear_bottleneck(network, linear_ranks(network, 2)),
    "hyperplane dense": lambda network, _: lay_hyperplane(network, 4, kind="dense", seed=0),
    "hyperplane sparse": lambda network, _: lay_hyperplane(network, 4, kind="sparse", seed=0),
    "hyperplane fastfood": lambda network, _: lay_hyperplane(network, 4, kind="fastfood", seed=0),
}
Case = tuple[AudioResNet, AudioResNet, Callable[[AudioResNet], None]]


@pytest.fixture(params=[False, True], ids=["plain", "damped"])
def damped(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(params=SCHEMES)
def case(request: pytest.FixtureRequest, audio: AudioResNet, damped: bool, keep_at_most: Keep) -> Case:
    """A network with a scheme whose parameters have moved, the network before, and how it was laid."""
    masks, before = keep_at_most(audio, 60), deepcopy(audio)

    def put(network: AudioResNet) -> None:
        SCHEMES[request.param](network, masks)
        if damped:
            damp(network, 0.1)

    put(audio)
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for parameter in audio.parameters():
            if parameter.requires_grad:
                parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))
    return audio, before, put


def spectrograms() -> Tensor:
    return torch.randn(2, 1, 32, 32, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("how", ["torch", "safetensors"])
def test_a_state_goes_through_a_file(case: Case, tmp_path: Path, how: str) -> None:
    network, other, put = case
    file = tmp_path / "weights"
    state = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    if how == "torch":
        torch.save(state, file)
        state = torch.load(file, weights_only=True)
    else:
        safetensors.torch.save_file(state, file)
        state = safetensors.torch.load_file(file)
    put(other)
    other.load_state_dict(state)
    assert torch.equal(other.eval()(spectrograms()), network.eval()(spectrograms()))
    assert all(torch.equal(mask, masks_of(network)[name]) for name, mask in masks_of(other).items())


def test_a_copy_is_equal_and_apart(case: Case) -> None:
    network = case[0].eval()
    copy, y = deepcopy(network), network(spectrograms())
    assert torch.equal(copy(spectrograms()), y)
    with torch.no_grad():
        for parameter in copy.parameters():
            parameter.zero_()
    assert not copy(spectrograms()).any()
    assert torch.equal(network(spectrograms()), y)


def test_weights_are_formed_at_full_precision_under_autocast(case: Case) -> None:
    network = case[0].eval()
    expected = {name: layer.weight.detach() for name, layer in prunable(network).items()}
    with torch.autocast("cpu", torch.bfloat16):
        formed = {name: layer.weight for name, layer in prunable(network).items()}
        # A damped weight comes rounded once, as its layer would round it.
        assert all(torch.equal(weight, expected[name].to(weight.dtype)) for name, weight in formed.items())
        y = network(spectrograms())
        y.square().sum().backward()
    bake(network)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(network(spectrograms()), y)


def test_channels_last(case: Case) -> None:
    network = case[0].eval()
    y = network(spectrograms())
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    x = spectrograms().contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(network(x), y, atol=1e-4, rtol=1e-4)


def test_cached(case: Case) -> None:
    network = case[0]
    plain = network(spectrograms())
    with parametrize.cached():
        cached = [network(spectrograms()) for _ in range(2)]
        (cached[0] + cached[1]).sum().backward()
    assert torch.equal(cached[0], plain)
    assert torch.equal(cached[1], plain)


def test_gradients_reach_every_trained_parameter(case: Case) -> None:
    network = case[0]
    network(spectrograms()).square().sum().backward()
    for name, parameter in network.named_parameters():
        assert (parameter.grad is not None) == parameter.requires_grad, name


@pytest.mark.parametrize("training", [True, False])
def test_baked_is_plain_and_computes_the_very_same(case: Case, training: bool) -> None:
    network, before, _ = case
    modules, twin = dict(network.named_modules(remove_duplicate=False)), deepcopy(network)
    y = deepcopy(network).train(training)(spectrograms())
    bake(network)
    assert torch.equal(network.train(training)(spectrograms()), y)
    assert list(network.state_dict()) == list(before.state_dict())
    assert [name for name, _ in network.named_parameters()] == [name for name, _ in before.named_parameters()]
    assert all(p.requires_grad and p.is_leaf for p in network.parameters())
    for name, module in network.named_modules():
        assert module is modules[name]
        assert type(module) is type(before.get_submodule(name))
        assert set(vars(module)) == set(vars(before.get_submodule(name)))
    before.load_state_dict(network.state_dict())
    # A copy made before shares the parametrised classes; it must not have come off with the original.
    assert torch.equal(twin.train(training)(spectrograms()), y)


def test_baked_networks_can_be_exported(audio: AudioResNet, keep_at_most: Keep) -> None:
    lay_sparse(audio.eval(), keep_at_most(audio, 60))
    damp(audio, 0.1)
    y = audio(spectrograms())
    bake(audio)
    exported = torch.export.export(audio, (spectrograms(),))
    torch.testing.assert_close(exported.module()(spectrograms()), y)


def test_taken_off_the_weights_are_those_before_damping(case: Case, damped: bool) -> None:
    network = case[0]
    weights = {name: layer.weight.detach() for name, layer in prunable(network).items()}
    strip(network)
    if damped:
        damp(network, 0.1)
    for name, layer in prunable(network).items():
        torch.testing.assert_close(layer.weight, weights[name])


def test_taken_off_it_can_be_laid_again(case: Case) -> None:
    network, _, put = case
    kept = masks_of(network)
    strip(network)
    put(network)
    assert all(torch.equal(mask, kept[name]) for name, mask in masks_of(network).items())
    network(spectrograms()).sum().backward()
