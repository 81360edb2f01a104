"""Training step of the perceptrons of Golubeva 2021's Figure 4, trained as a stack and sequentially.

`python -m benchmarks.stack`
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from asc.allocator import keep_freed_memory
from asc.stack import PerceptronStack
from benchmarks import Comparison, compare
from models.pruning.masks import random_masks
from models.vision.mlp import Mlp, MlpSettings
from models.weights.sparse import lay_sparse
from recipes.golubeva2021.mlp_grid import WIDTHS, figure4_grid

_SEEDS, _BATCH, _RATE = 2, 100, 0.1


def networks() -> list[Mlp]:
    """Return the networks of all cells of the figure, with two seeds each."""
    made = []
    for width in WIDTHS:
        for hidden, classifier in figure4_grid(width):
            for seed in range(_SEEDS):
                network = Mlp(MlpSettings(width=width, classes=10, inputs=784))
                masks = random_masks(network, {"hidden": hidden, "classifier": classifier}, seed)
                lay_sparse(network, {name: mask for name, mask in masks.items() if not mask.all()})
                made.append(network)
    return made


def _one_after_the_other(members: list[Mlp], digits: Tensor, labels: Tensor) -> Callable[[], None]:
    optimizers = [torch.optim.SGD(network.parameters(), lr=_RATE) for network in members]

    def step() -> None:
        for network, optimizer in zip(members, optimizers, strict=True):
            optimizer.zero_grad()
            nn.functional.cross_entropy(network(digits), labels).backward()  # type: ignore[no-untyped-call]
            optimizer.step()

    return step


def measure() -> list[Comparison]:
    """Measure on noise of the shape of MNIST's images, in float32, with torch's number of threads."""
    keep_freed_memory()
    members = networks()
    digits, labels = torch.randn(_BATCH, 784, generator=torch.Generator().manual_seed(0)), torch.arange(_BATCH) % 10
    stack, rates = PerceptronStack(members), torch.full((len(members),), _RATE)
    return [
        compare(
            f"training step of {len(members)} perceptrons, stacked",
            partial(stack.step, digits, labels, rates),
            "one after the other",
            _one_after_the_other(members, digits, labels),
            turns=10,
            burst=2,
        )
    ]


if __name__ == "__main__":
    print(*measure(), sep="\n")
