"""Settings of scores, and the scores that need no data: random, magnitude and SynFlow.

A score function takes the network, the present masks, batches of (inputs, targets) and settings. It returns a tensor of
the weight's shape for each prunable layer, on the CPU; weights with high scores are kept. The network is not changed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from common.errors import ConfigError
from models.generators import layer_generator
from models.prunable import Masks, prunable
from models.pruning.trial import trial_copy, values_of

Batch = tuple[Tensor, Tensor]
Scores = dict[str, Tensor]
Loss = Literal["cross_entropy", "neg_logit"]
BatchNorm = Literal["batch", "running"]


@dataclass(frozen=True, kw_only=True)
class ScoreSettings:
    """How scores are computed.

    Parameters
    ----------
    loss
        `cross_entropy`, or `neg_logit`: minus the target's logit, which the public code of FORCE computes.
    batch_norm
        `batch`: normalise with the statistics of each batch (GraSP, FORCE); `running`: with the running statistics
        (public code of SNIP). Dropout is off in both cases. SynFlow always uses the running statistics.
    dtype
        Floating-point type of the computation. None: the network's, but float64 for SynFlow, whose products of many
        layers overflow in float32.
    temperature
        Divisor of the logits in GraSP.
    effective
        Whether `magnitude` ranks the weight that the layer computes with (W . C if damped), or its parameter W.
    seed
        Seed of the `random` score.
    """

    loss: Loss = "cross_entropy"
    batch_norm: BatchNorm = "batch"
    dtype: torch.dtype | None = None
    temperature: float = 200.0
    effective: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        """Check every setting."""
        for field, allowed in (("loss", get_args(Loss)), ("batch_norm", get_args(BatchNorm))):
            if getattr(self, field) not in allowed:
                raise ConfigError(field, getattr(self, field), f"one of {', '.join(allowed)}")
        if self.dtype is not None and not self.dtype.is_floating_point:
            raise ConfigError("dtype", self.dtype, "a floating-point type")
        if not self.temperature > 0:
            raise ConfigError("temperature", self.temperature, "a number above 0")


Score = Callable[[nn.Module, Masks, Sequence[Batch], ScoreSettings], Scores]


def on_cpu(scores: Mapping[str, Tensor]) -> Scores:
    """Return scores as detached tensors on the CPU."""
    return {name: score.detach().cpu() for name, score in scores.items()}


def random(network: nn.Module, masks: Masks, batches: Sequence[Batch], settings: ScoreSettings) -> Scores:
    """Return random scores, uniform in [0, 1): kept weights are then uniform over the whole network."""
    return {
        name: torch.rand(layer.weight.shape, generator=layer_generator(settings.seed, "score", position))
        for position, (name, layer) in enumerate(prunable(network).items())
    }


@torch.no_grad()
def magnitude(network: nn.Module, masks: Masks, batches: Sequence[Batch], settings: ScoreSettings) -> Scores:
    """Return the absolute values of the weights, see `ScoreSettings.effective`."""
    layers = {name: layer.weight for name, layer in prunable(network).items()}
    return on_cpu({name: value.abs() for name, value in (layers if settings.effective else values_of(network)).items()})


@torch.enable_grad()
def synflow(network: nn.Module, masks: Masks, batches: Sequence[Batch], settings: ScoreSettings) -> Scores:
    """Return |w dR/dw|, with R the sum of outputs on an input of ones and all parameters and statistics positive.

    SynFlow, Tanaka 2020. Only the shape of one input of `batches` is used.
    """
    trial = trial_copy(network, masks, settings.dtype or torch.float64)
    with torch.no_grad():
        for state in trial.state_dict().values():
            if state.is_floating_point():
                state.abs_()
    values = values_of(trial)
    example = next(iter(values.values()))
    outputs = trial(torch.ones_like(batches[0][0][:1], device=example.device, dtype=example.dtype))
    gradients = torch.autograd.grad(outputs.sum(), list(values.values()), materialize_grads=True)
    return on_cpu({name: (value * g).abs() for (name, value), g in zip(values.items(), gradients, strict=True)})
