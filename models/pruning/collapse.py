"""Whether masks leave anything of a network: no path from its input to its output, and nothing can be learnt."""

import torch
from torch import Tensor, nn

from models.prunable import Masks
from models.pruning.trial import trial_copy, values_of


def empty_layers(masks: Masks) -> list[str]:
    """Return the names of the layers that keep no weight."""
    return [name for name, mask in masks.items() if not bool(mask.any())]


@torch.enable_grad()
def is_connected(network: nn.Module, masks: Masks, inputs: Tensor) -> bool:
    """Tell whether the outputs of the masked network depend on its inputs at all, whatever the kept weights' values.

    Every parameter of a copy is drawn positive, so that no two paths cancel and no ReLU closes; an input then has a
    gradient exactly where a path leads on from it. Empty layers next to a shortcut are no collapse.

    Parameters
    ----------
    inputs
        A batch; only the shape of one input counts.
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
    # Overflow gives "not a number", which only many paths can: it counts as connected.
    return bool((gradient != 0).any())
