"""Evaluation of a network without gradients of its weights, after which its state is restored."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn
from torch.nn.utils import parametrize


@contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """Put `network` into evaluation mode without autocast, TensorFloat-32 and gradients of its parameters.

    Parametrized weights are computed once within the block. When the block ends, also by an error, the mode of every
    module and `requires_grad` of every parameter are restored.

    Examples
    --------
    >>> network = nn.Dropout()
    >>> with frozen(network):
    ...     network.training
    False
    >>> network.training
    True
    """
    modes = {module: module.training for module in network.modules()}
    wanted = {parameter: parameter.requires_grad for parameter in network.parameters()}
    device = next((parameter.device.type for parameter in wanted), "cpu")
    # By default, convolutions on a GPU round their inputs to TensorFloat-32, which has the 10-bit mantissa of float16.
    exact = torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False)
    try:
        network.eval().requires_grad_(False)
        with exact, torch.autocast(device, enabled=False), parametrize.cached():
            yield
    finally:
        for module, training in modes.items():
            module.training = training
        for parameter, requires in wanted.items():
            parameter.requires_grad_(requires)
