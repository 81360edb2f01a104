"""What training holds, against the tensors of a real step of Adam."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from models.audio.resnet import AudioResNet, AudioResNetSettings
from models.prunable import Masks, prunable
from models.weights.damping import damp
from models.weights.hyperplane import lay_hyperplane
from models.weights.masked import lay_masks
from models.weights.sparse import lay_sparse
from models.weights.training_state import training_state_bytes

pytestmark = pytest.mark.trains

Keep = Callable[..., Masks]
CAP, LARGEST = 42391, 42389  # what a layer of W=512 keeps at the weights of W=64 (water level), and the largest layer


def held_after_a_step(network: nn.Module, x: torch.Tensor) -> int:
    """Bytes of the tensors that exist after one step: parameters, gradients, moments, positions."""
    optimiser = torch.optim.Adam(network.parameters())
    network(x).square().sum().backward()
    optimiser.step()
    moments = [s for state in optimiser.state.values() for name, s in state.items() if name.startswith("exp_avg")]
    gradients = [p.grad for p in network.parameters() if p.grad is not None]
    schemes = [b for name, b in network.named_buffers() if name.endswith((".positions", ".mask"))]
    return sum(tensor.nbytes for tensor in [*network.parameters(), *gradients, *moments, *schemes])


@pytest.mark.parametrize("scheme", ["dense", "sparse", "masked", "hyperplane"])
def test_it_is_what_a_step_leaves_behind(audio: AudioResNet, keep_at_most: Keep, scheme: str) -> None:
    if scheme == "sparse":
        lay_sparse(audio, keep_at_most(audio, 40))
    elif scheme == "masked":
        lay_masks(audio)
    elif scheme == "hyperplane":
        lay_hyperplane(audio, 9, kind="fastfood", seed=0)
    if scheme != "hyperplane":
        damp(audio, 0.1)
    assert training_state_bytes(audio) == held_after_a_step(audio, torch.randn(2, 1, 40, 40))


def wide(device: str) -> tuple[AudioResNet, AudioResNet, Masks]:
    """W=512 dense, W=512 to be laid, and masks with the weights of W=64, the first places of every layer."""
    with torch.device(device):
        dense, network = (AudioResNet(AudioResNetSettings(width=512)) for _ in range(2))
    sizes = {name: layer.weight.numel() for name, layer in prunable(network).items()}
    kept = {name: min(size, CAP) for name, size in sizes.items()}
    kept[max(sizes, key=lambda name: sizes[name])] = LARGEST
    shapes = {name: layer.weight.shape for name, layer in prunable(network).items()}
    masks = {name: (torch.arange(sizes[name]) < kept[name]).view(shape) for name, shape in shapes.items()}
    narrow = AudioResNet(AudioResNetSettings(width=64))
    assert sum(kept.values()) == sum(layer.weight.numel() for layer in prunable(narrow).values())
    return dense, network, masks


def test_w512_at_the_weights_of_w64_is_49_times_smaller() -> None:
    dense, network, masks = wide("meta")
    lay_sparse(network, masks)
    assert training_state_bytes(dense) / training_state_bytes(network) == pytest.approx(49.2004, abs=1e-4)


@pytest.mark.slow
def test_w512_measured() -> None:
    dense, network, masks = wide("cpu")
    lay_sparse(network, masks)
    x = torch.randn(1, 1, 64, 64)
    sparse = held_after_a_step(network, x)
    assert sparse == training_state_bytes(network)
    assert held_after_a_step(dense, x) / sparse == pytest.approx(49.2004, abs=1e-4)
