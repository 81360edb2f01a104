"""What takes the steps: one network with an optimiser of torch's, or a stack of small ones."""

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from asc.images.description import ImageRun, Learning
from asc.images.stack import PerceptronStack
from models.memory_layout import arranged, lay_out
from models.vision.mlp import Mlp

_SLOW = 0.1
_FEW = 10_000  # weights: more of them are multiplied faster as a dense matrix


class Learner(Protocol):
    """One or more networks that learn from the same batches."""

    def step(self, inputs: Tensor, labels: Tensor, rates: Sequence[float]) -> Tensor:
        """Learn from a batch at these learning rates; return each member's loss on it, (member,)."""

    def logits(self, inputs: Tensor) -> Tensor:
        """Return what each member makes of a batch, (member, example, class)."""

    def states(self) -> list[dict[str, Any]]:
        """Return what each member would need to go on, tensors and plain values only."""


def learning_rate(epoch: int, learning: Learning) -> float:
    """Return the rate of epoch 0, 1, ..."""
    rate = learning.learning_rate
    if learning.schedule == "steps":
        return rate * learning.factor ** sum(epoch >= milestone for milestone in learning.milestones)
    if learning.schedule == "exponential":
        return rate * learning.factor**epoch
    if learning.schedule == "cosine":
        return rate * (1 + math.cos(math.pi * epoch / learning.epochs)) / 2
    return rate


def stackable(run: ImageRun) -> bool:
    """Whether a run is a perceptron of few weights that learns by plain gradient descent: a stack does that faster."""
    learning, size = run.training, dict(run.network.size)
    plain = learning.optimiser == "sgd" and not learning.momentum and not learning.weight_decay
    if run.network.architecture != "mlp" or run.weights.scheme not in ("dense", "sparse"):
        return False
    weights = sum(run.weights.kept) or run.network.width * sum(int(size[name] or 0) for name in ("inputs", "classes"))
    return plain and weights <= _FEW and learning.patience is None and learning.precision == "32-true"


def make_optimiser(network: nn.Module, learning: Learning) -> torch.optim.Optimizer:
    """Return the optimiser of a run; the `pace` of a group of parameters is what its rate is multiplied by."""
    together: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            decayed = not learning.decayed or name.startswith(learning.decayed)
            pace = _SLOW if name.endswith(learning.slowed) else 1.0
            together.setdefault((learning.weight_decay if decayed else 0.0, pace), []).append(parameter)
    groups = [
        {"params": parameters, "weight_decay": decay, "pace": pace} for (decay, pace), parameters in together.items()
    ]
    rate = learning.learning_rate
    if learning.optimiser == "adam":
        return torch.optim.Adam(groups, lr=rate, fused=True)
    if learning.optimiser == "rmsprop":
        smoothing, epsilon = learning.smoothing, learning.epsilon
        return torch.optim.RMSprop(groups, lr=rate, alpha=smoothing, eps=epsilon, momentum=learning.momentum)
    nesterov = learning.optimiser == "nesterov"
    return torch.optim.SGD(groups, lr=rate, momentum=learning.momentum, nesterov=nesterov, fused=True)


class NetworkLearner:
    """One network, learning by itself."""

    def __init__(self, network: nn.Module, learning: Learning) -> None:
        self.network, self.learning = network, learning
        self.layout = lay_out(network)

    @cached_property
    def optimiser(self) -> torch.optim.Optimizer:
        """What takes the steps; made at the first, as a network that is only tested needs none."""
        return make_optimiser(self.network, self.learning)

    def _forward(self, inputs: Tensor) -> Tensor:
        with torch.autocast(inputs.device.type, dtype=torch.bfloat16, enabled=self.learning.precision == "bf16-mixed"):
            return self.network(arranged(inputs, self.layout))  # type: ignore[no-any-return]

    def step(self, inputs: Tensor, labels: Tensor, rates: Sequence[float]) -> Tensor:
        """Learn from a batch."""
        for group in self.optimiser.param_groups:
            group["lr"] = rates[0] * group["pace"]
        self.network.train()
        loss = nn.functional.cross_entropy(self._forward(inputs).float(), labels)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        return loss.detach()[None]

    @torch.no_grad()
    def logits(self, inputs: Tensor) -> Tensor:
        """Return what the network makes of a batch in evaluation mode."""
        self.network.eval()
        return self._forward(inputs).float()[None]

    def states(self) -> list[dict[str, Any]]:
        """Return weights and optimiser."""
        return [{"network": self.network.state_dict(), "optimiser": self.optimiser.state_dict()}]


class StackLearner:
    """Small networks, each learning as if it were alone."""

    def __init__(self, networks: Sequence[Mlp]) -> None:
        self.networks = networks
        self.stack = PerceptronStack(networks)

    def step(self, inputs: Tensor, labels: Tensor, rates: Sequence[float]) -> Tensor:
        """Learn from a batch."""
        return self.stack.step(inputs, labels, torch.tensor(rates, device=inputs.device))

    def logits(self, inputs: Tensor) -> Tensor:
        """Return what every network makes of a batch."""
        return self.stack.logits(inputs)

    def states(self) -> list[dict[str, Any]]:
        """Return every network's weights."""
        self.stack.write_back()
        return [{"network": network.state_dict()} for network in self.networks]


def make_learner(runs: Sequence[ImageRun], networks: Sequence[nn.Module], states: Sequence[dict[str, Any]]) -> Learner:
    """Return what trains these networks, from these states where there are any."""
    for network, state in zip(networks, states, strict=False):
        network.load_state_dict(state["network"])
    if stackable(runs[0]):
        return StackLearner([network for network in networks if isinstance(network, Mlp)])
    learner = NetworkLearner(networks[0], runs[0].training)
    if states:
        learner.optimiser.load_state_dict(states[0]["optimiser"])
    return learner
