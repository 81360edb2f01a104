"""Training state and time of a training step of each scheme of weights, compared with the dense network.

`python -m benchmarks.weights`
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from asc.allocator import keep_freed_memory
from benchmarks import Comparison, compare
from models.audio.resnet import AudioResNetSettings
from models.initialisation import initialise
from models.registry import build
from models.weights.bottleneck import LinearBottleneck
from models.weights.damping import Damping
from models.weights.dct import DctSparsity
from models.weights.hyperplane import RandomHyperplane
from models.weights.iterative import IterativePruning
from models.weights.scheme import Laying, Scheme
from models.weights.schemes import lay_schemes
from models.weights.sparse import StaticSparsity
from models.weights.training_state import training_state_bytes

CLIPS = 4
_WIDE, _NARROW, _SHAPE = 128, 32, (1, 256, 216)

SCHEMES: dict[str, tuple[Scheme, ...]] = {
    "dense": (),
    "damped": (Damping(),),
    "static sparse": (StaticSparsity(base_width=_NARROW),),
    "iterative magnitude": (IterativePruning(base_width=_NARROW),),
    "DCT plus sparse": (DctSparsity(base_width=_NARROW),),
    "linear bottleneck": (LinearBottleneck(base_width=_NARROW),),
    "hyperplane, fastfood": (RandomHyperplane(dimension=1000),),
}


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Cost of a scheme: number of trained values, size of the training state in bytes, and time of a training step."""

    name: str
    trained: int
    state: int
    step: Comparison


def _network(schemes: tuple[Scheme, ...] = ()) -> nn.Module:
    settings = AudioResNetSettings(width=_WIDE)
    network = build(settings)
    initialise(network, "kaiming", seed=0)
    lay_schemes(network, schemes, Laying(settings=settings))
    return network


def _step(network: nn.Module, clips: torch.Tensor, labels: torch.Tensor) -> Callable[[], None]:
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimizer = torch.optim.Adam(trained, lr=1e-4, fused=True)

    def step() -> None:
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(clips), labels).backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return step


def measure() -> list[Cost]:
    """Measure on noise of the shape of 5 s clips in float32; the first row compares the dense network with itself."""
    keep_freed_memory()
    clips = torch.randn(CLIPS, *_SHAPE, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(CLIPS) % 10
    dense = _step(_network(), clips, labels)
    rows = []
    for name, schemes in SCHEMES.items():
        network = _network(schemes)
        trained = sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)
        step = compare(f"training step, {name}", _step(network, clips, labels), "dense", dense, turns=5, burst=1)
        rows.append(Cost(name=name, trained=trained, state=training_state_bytes(network), step=step))
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
