"""Training state and time of a training step of each weight scheme, compared with the dense network.

`python -m benchmarks.weights`
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from asc.allocator import keep_freed_memory
from benchmarks import Comparison, compare
from models.initialisation import initialise
from models.prunable import Masks, prunable
from models.pruning.allocation import allocate
from models.pruning.masks import random_masks
from models.resnet import AudioResNet, NetworkSettings
from models.weights.bottleneck import lay_linear_bottleneck, linear_ranks
from models.weights.damping import damp
from models.weights.dct import lay_dct_plus_sparse
from models.weights.hyperplane import lay_hyperplane
from models.weights.masked import lay_masks, set_masks
from models.weights.sparse import lay_sparse
from models.weights.training_state import training_state_bytes

CLIPS = 4
_WIDE, _NARROW, _SHAPE = 128, 32, (1, 256, 216)
_DIMENSION = 1000


@dataclass(frozen=True, kw_only=True)
class Scheme:
    """A scheme: number of trained values, size of the training state in bytes, and time of a training step."""

    name: str
    trained: int
    state: int
    step: Comparison


def _network(width: int = _WIDE) -> AudioResNet:
    network = AudioResNet(NetworkSettings(width=width))
    initialise(network, "kaiming", seed=0)
    return network


def _masks(network: AudioResNet) -> Masks:
    """Return random masks that keep as many weights as the narrow network has."""
    kept = sum(layer.weight.numel() for layer in prunable(_network(_NARROW)).values())
    return random_masks(network, allocate(network, kept), seed=0)


def _masked(network: AudioResNet) -> None:
    masks = _masks(network)
    lay_masks(network)
    set_masks(network, masks)


def _bottleneck(network: AudioResNet) -> None:
    lay_linear_bottleneck(network, linear_ranks(_network(_NARROW), _WIDE / _NARROW))


SCHEMES: dict[str, Callable[[AudioResNet], None]] = {
    "damped": lambda network: damp(network, 0.1),
    "static sparse": lambda network: lay_sparse(network, _masks(network)),
    "iterative magnitude": _masked,
    "DCT plus sparse": lambda network: lay_dct_plus_sparse(network, _masks(network)),
    "linear bottleneck": _bottleneck,
    "hyperplane, fastfood": lambda network: lay_hyperplane(network, _DIMENSION, kind="fastfood", seed=0),
}


def _step(network: AudioResNet, clips: torch.Tensor, labels: torch.Tensor) -> Callable[[], None]:
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimizer = torch.optim.Adam(trained, lr=1e-4, fused=True)

    def step() -> None:
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(clips), labels).backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return step


def measure() -> list[Scheme]:
    """Measure on noise of the shape of 5 s clips in float32; the first row compares the dense network with itself."""
    keep_freed_memory()
    clips = torch.randn(CLIPS, *_SHAPE, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(CLIPS) % 10
    dense = _step(_network(), clips, labels)
    rows = []
    for name, lay in {"dense": lambda _: None, **SCHEMES}.items():
        network = _network()
        lay(network)
        trained = sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)
        step = compare(f"training step, {name}", _step(network, clips, labels), "dense", dense, turns=5, burst=1)
        rows.append(Scheme(name=name, trained=trained, state=training_state_bytes(network), step=step))
    return rows


def table() -> list[str]:
    """Return the measurements as the lines of a Markdown table."""
    return [
        f"| W={_WIDE} with the weights of W={_NARROW} | trained values | training state, MB | step, ms | vs. dense |",
        "|---|---|---|---|---|",
        *(
            f"| {row.name} | {row.trained:,} | {row.state / 1e6:.1f} | {row.step.ours:.0f} | {1 / row.step.ratio:.2f} |"
            for row in measure()
        ),
    ]


if __name__ == "__main__":
    print("\n".join(table()))
