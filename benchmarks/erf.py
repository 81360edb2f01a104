"""Effective receptive field of a set of clips, compared with a float32 training pass over as many clips.

`python -m benchmarks.erf`
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from asc.allocator import keep_freed_memory
from benchmarks import Comparison, compare
from evaluation.erf import effective_receptive_field
from models.audio.resnet import AudioResNet, AudioResNetSettings
from models.initialisation import initialise
from models.memory_layout import lay_out
from models.weights.damping import damp

_BATCH, _CLIPS, _SHAPE = 16, 32, (1, 256, 431)
_LEAST = 0.84  # the map may take at most as long as 1.2 training passes
# From D=3 on, an output sees all mel bands and most frames, so that little of the input can be left out.
_SIZES = ((32, 1, None), (32, 1, 0.1), (32, 3, 0.1), (64, 1, None))


def _network(width: int, depth: int, damping: float | None) -> AudioResNet:
    network = AudioResNet(AudioResNetSettings(width=width, depth=depth))
    initialise(network, "kaiming", seed=0)
    if damping is not None:
        damp(network, damping)
    lay_out(network)
    return network


def training_pass(network: AudioResNet, clips: Tensor) -> Callable[[], None]:
    """Return a function that computes the gradient of the loss over `clips` with respect to all weights, in float32."""
    labels = torch.arange(len(clips)) % network.settings.classes

    def run() -> None:
        network.train()
        for batch, label in zip(torch.split(clips, _BATCH), torch.split(labels, _BATCH), strict=True):
            network.zero_grad()
            nn.functional.cross_entropy(network(batch), label).backward()  # type: ignore[no-untyped-call]

    return run


def measure() -> list[Comparison]:
    """Measure on noise of the shape of 10 s clips, in batches of 16, on all cores."""
    keep_freed_memory()  # as training and `asc.erf` do
    clips = torch.randn(_CLIPS, *_SHAPE, generator=torch.Generator().manual_seed(0))
    rows = []
    for width, depth, damping in _SIZES:
        network = _network(width, depth, damping)
        what = f"receptive field map, {_CLIPS} clips, {'damped' if damping else 'base'} W={width} D={depth}"

        def ours(network: AudioResNet = network) -> None:
            effective_receptive_field(network.features, torch.split(clips, _BATCH))

        peer = "training pass, float32"
        rows.append(compare(what, ours, peer, training_pass(network, clips), least=_LEAST, turns=5, burst=1))
    return rows


if __name__ == "__main__":
    for row in measure():
        print(row)
