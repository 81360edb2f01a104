"""Layer collapse: whether a masked network still has a path from its input to its output."""

import torch
from torch import Tensor, nn

from models.prunable import Masks
from models.pruning.trial import trial_copy, values_of


def empty_layers(masks: Masks) -> list[str]:
    """Return the names of the layers that keep no weight."""
    return [name for name, mask in masks.items() if not bool(mask.any())]


@torch.enable_grad()
def is_connected(network: nn.Module, masks: Masks, inputs: Tensor) -> bool:
    """Return whether the outputs of the masked network can depend on its inputs, for some values of the kept weights.

    All parameters of a copy are set to random positive values, so that paths do not cancel and ReLUs are active. An
    input position then has a non-zero gradient if a path connects it to the output. A network with an empty layer
    beside a shortcut is connected.

    Parameters
    ----------
    masks
        Layer name -> bool tensor of the weight's shape, True = kept.
    inputs
        A batch, of which only the shape of one input is used.
    """
    trial = trial_copy(network, {}, torch.float64).requires_grad_(False)
    generator = torch.Generator().manual_seed(0)
    for parameter in trial.parameters():
        parameter.copy_(0.5 + torch.rand(parameter.shape, generator=generator))
    for module in trial.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.reset_running_stats()
    values = values_of(trial)
    for name, mask in masks.items():
        values[name].mul_(mask.to(values[name].device))
    example = next(iter(values.values()))
    x = torch.ones_like(inputs[:1], device=example.device, dtype=example.dtype, requires_grad=True)
    (gradient,) = torch.autograd.grad(trial(x).sum(), x)
    # An overflow gives NaN, which differs from zero: the network is connected.
    return bool((gradient != 0).any())
