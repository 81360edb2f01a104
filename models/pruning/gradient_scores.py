"""Scores from gradients of the loss on data: SNIP, Iter-SNIP, FORCE and GraSP."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from models.memory_layout import arranged, lay_out
from models.prunable import Masks
from models.pruning.scores import Batch, Scores, ScoreSettings, on_cpu
from models.pruning.trial import trial_copy, values_of


def _gradients(
    trial: nn.Module, batches: Sequence[Batch], settings: ScoreSettings, temperature: float = 1.0, graph: bool = False
) -> Iterator[tuple[Tensor, ...]]:
    """Yield, for each batch, the gradients of the loss with respect to the values of `trial`."""
    if settings.batch_norm == "batch":
        for module in trial.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.train()
    layout = lay_out(trial)
    values = list(values_of(trial).values())
    for inputs, targets in batches:
        device, dtype = values[0].device, values[0].dtype
        logits = trial(arranged(inputs.to(device, dtype), layout)) / temperature
        log_scores = logits.log_softmax(dim=1) if settings.loss == "cross_entropy" else logits
        loss = nn.functional.nll_loss(log_scores, targets.to(device))
        yield torch.autograd.grad(loss, values, create_graph=graph, materialize_grads=True)


def _mean_gradients(
    network: nn.Module, masks: Masks, batches: Sequence[Batch], settings: ScoreSettings
) -> dict[str, Tensor]:
    """Return the gradients at the masked network averaged over batches, including those of removed weights."""
    trial = trial_copy(network, masks, settings.dtype)
    total: list[Tensor] = []
    for gradients in _gradients(trial, batches, settings):
        total = [a + b for a, b in zip(total, gradients, strict=True)] if total else list(gradients)
    return {name: gradient / len(batches) for name, gradient in zip(values_of(trial), total, strict=True)}


@torch.enable_grad()
def force(network: nn.Module, masks: Masks, batches: Sequence[Batch], settings: ScoreSettings) -> Scores:
    """Return |w dL/dw|, with the gradient at the masked network and w before masking. FORCE, de Jorge 2021.

    Removed weights have scores too, and can be kept again in a later iteration.
    """
    gradients = _mean_gradients(network, masks, batches, settings)
    return on_cpu({name: (value * gradients[name]).abs() for name, value in values_of(network).items()})


@torch.enable_grad()
def snip(network: nn.Module, masks: Masks, batches: Sequence[Batch], settings: ScoreSettings) -> Scores:
    """Return |w dL/dw| at the masked network, which is zero for removed weights.

    SNIP (Lee 2019) in a single iteration, Iter-SNIP (de Jorge 2021) in several.
    """
    scores = force(network, masks, batches, settings)
    return {name: score * masks[name] if name in masks else score for name, score in scores.items()}


@torch.enable_grad()
def grasp(network: nn.Module, masks: Masks, batches: Sequence[Batch], settings: ScoreSettings) -> Scores:
    """Return w . Hg, signed: removing the lowest scores reduces the gradient norm least. GraSP, Wang 2020.

    The gradient g and the Hessian-vector product Hg are those of the loss of logits divided by a temperature, summed
    over batches and restricted to the kept weights.
    """
    trial = trial_copy(network, masks, settings.dtype)
    values = values_of(trial)
    kept = [masks[name].to(value.device) if name in masks else torch.ones_like(value) for name, value in values.items()]
    total = [torch.zeros_like(value) for value in values.values()]
    for gradients in _gradients(trial, batches, settings, settings.temperature):
        total = [a + b * mask for a, b, mask in zip(total, gradients, kept, strict=True)]
    products = [torch.zeros_like(value) for value in values.values()]
    for gradients in _gradients(trial, batches, settings, settings.temperature, graph=True):
        inner = torch.stack([(a * b).sum() for a, b in zip(total, gradients, strict=True)]).sum()
        further = torch.autograd.grad(inner, list(values.values()), materialize_grads=True)
        products = [a + b for a, b in zip(products, further, strict=True)]
    return on_cpu({name: value * hg for (name, value), hg in zip(values.items(), products, strict=True)})
