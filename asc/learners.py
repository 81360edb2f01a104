"""Learners: one network with an optimizer of torch, or a stack of small perceptrons, trained on the same batches."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Protocol

import torch
from lightning.fabric import Fabric
from torch import Tensor, nn

from asc.augmentations.augmentation import Batch
from asc.run import ImageData, Run
from asc.stack import PerceptronStack
from asc.training_settings import TrainingSettings
from models.memory_layout import arranged, lay_out
from models.sync_batch_norm import synchronise_batch_norm
from models.vision.mlp import Mlp, MlpSettings
from models.weights.schemes import kept_weights
from models.weights.sparse import StaticSparsity

_SLOW = 0.1
_FEW = 10_000  # weights: more of them are multiplied faster as a dense matrix


class Learner(Protocol):
    """One or more networks trained on the same batches."""

    def before_epoch(self, epoch: int) -> None:
        """Let the schemes of weights change the networks before an epoch."""

    def step(self, batch: Batch, rates: Sequence[float]) -> Tensor:
        """Take a training step at these learning rates; return each network's loss before it, (network,)."""

    def logits(self, inputs: Tensor) -> Tensor:
        """Return the logits of every network in evaluation mode, (network, batch, class)."""

    def states(self) -> list[dict[str, Any]]:
        """Return the state of each network and of its optimizer, tensors and plain values only."""


def stackable(run: Run) -> bool:
    """Return whether a run is a perceptron of few weights trained by plain SGD, which a stack does faster."""
    training, settings = run.training, run.network
    if not isinstance(settings, MlpSettings) or not isinstance(run.data, ImageData):
        return False
    if any(type(scheme) is not StaticSparsity for scheme in run.weights):
        return False
    plain = training.optimizer == "sgd" and not training.momentum and not training.weight_decay
    plain = plain and not training.augmentations and training.world_size == 1
    weights = kept_weights(run.weights, settings) or settings.width * (settings.inputs + settings.classes)
    return plain and weights <= _FEW and training.patience is None and training.precision == "32-true"


def make_optimizer(network: nn.Module, training: TrainingSettings) -> torch.optim.Optimizer:
    """Return the optimizer of a run; `pace` of a parameter group is the factor of its learning rate."""
    together: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            decayed = not training.decayed or name.startswith(training.decayed)
            pace = _SLOW if name.endswith(training.slowed) else 1.0
            together.setdefault((training.weight_decay if decayed else 0.0, pace), []).append(parameter)
    groups = [
        {"params": parameters, "weight_decay": decay, "pace": pace} for (decay, pace), parameters in together.items()
    ]
    rate = training.learning_rate
    if training.optimizer == "adam":
        return torch.optim.Adam(groups, lr=rate, fused=True)
    if training.optimizer == "rmsprop":
        smoothing, epsilon = training.smoothing, training.epsilon
        return torch.optim.RMSprop(groups, lr=rate, alpha=smoothing, eps=epsilon, momentum=training.momentum)
    nesterov = training.optimizer == "nesterov"
    return torch.optim.SGD(groups, lr=rate, momentum=training.momentum, nesterov=nesterov, fused=True)


def cross_entropy(logits: Tensor, batch: Batch) -> Tensor:
    """Return the mean cross-entropy; of mixed labels, the mean of w CE(first) + (1 - w) CE(second)."""
    if batch.weight is None or batch.others is None:
        return nn.functional.cross_entropy(logits, batch.labels)
    first, second = (
        nn.functional.cross_entropy(logits, labels, reduction="none") for labels in (batch.labels, batch.others)
    )
    return torch.lerp(second, first, batch.weight).mean()


class NetworkLearner:
    """One network, with its optimizer, on the devices that `fabric` stands for.

    The optimizer is made at the first training step: a network that is only tested needs none.
    """

    def __init__(self, run: Run, network: nn.Module, fabric: Fabric) -> None:
        self.run, self.fabric = run, fabric
        if run.training.world_size > 1:
            synchronise_batch_norm(network)
        self.network = network.to(fabric.device)
        self.layout = lay_out(self.network)

    @cached_property
    def _trained(self) -> tuple[nn.Module, Any]:
        return self.fabric.setup(self.network, make_optimizer(self.network, self.run.training))  # type: ignore[no-any-return]

    def load(self, state: dict[str, Any]) -> None:
        """Continue from the state of an optimizer."""
        self._trained[1].load_state_dict(state)

    def before_epoch(self, epoch: int) -> None:
        """Prune the network where its scheme does so during training."""
        for scheme in self.run.weights:
            scheme.before_epoch(self.network, epoch)

    def step(self, batch: Batch, rates: Sequence[float]) -> Tensor:
        """Take a training step."""
        module, optimizer = self._trained
        for group in optimizer.param_groups:
            group["lr"] = rates[0] * group["pace"]
        self.network.train()
        loss = cross_entropy(module(arranged(batch.inputs, self.layout)), batch)
        optimizer.zero_grad(set_to_none=True)
        self.fabric.backward(loss)
        optimizer.step()
        return loss.detach()[None]

    @torch.no_grad()
    def logits(self, inputs: Tensor) -> Tensor:
        """Return the logits of a batch in evaluation mode, in float32."""
        self.network.eval()
        # Not the module that the processes share: only the first of them evaluates.
        with self.fabric.autocast():
            return self.network(arranged(inputs, self.layout)).float()[None]  # type: ignore[no-any-return]

    def states(self) -> list[dict[str, Any]]:
        """Return weights and optimizer."""
        return [{"network": self.network.state_dict(), "optimizer": self._trained[1].state_dict()}]


class StackLearner:
    """Small perceptrons, each trained as if it were alone."""

    def __init__(self, networks: Sequence[Mlp]) -> None:
        self.networks = networks
        self.stack = PerceptronStack(networks)

    def before_epoch(self, epoch: int) -> None:
        """Do nothing: the schemes of stacks are static."""

    def step(self, batch: Batch, rates: Sequence[float]) -> Tensor:
        """Take a training step."""
        return self.stack.step(batch.inputs, batch.labels, torch.tensor(rates, device=batch.inputs.device))

    def logits(self, inputs: Tensor) -> Tensor:
        """Return the logits of every network."""
        return self.stack.logits(inputs)

    def states(self) -> list[dict[str, Any]]:
        """Return every network's weights."""
        self.stack.write_back()
        return [{"network": network.state_dict()} for network in self.networks]


def make_learner(
    runs: Sequence[Run], networks: Sequence[nn.Module], fabric: Fabric, states: Sequence[dict[str, Any]] = ()
) -> Learner:
    """Return the learner of these networks, continued from these states where there are any."""
    for network, state in zip(networks, states, strict=False):
        network.load_state_dict(state["network"])
    if stackable(runs[0]):
        return StackLearner([network.to(fabric.device) for network in networks if isinstance(network, Mlp)])
    learner = NetworkLearner(runs[0], networks[0], fabric)
    if states:
        learner.load(states[0]["optimizer"])
    return learner
