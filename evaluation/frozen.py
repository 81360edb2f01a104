"""A network held still while it is measured, and given back as it was."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn
from torch.nn.utils import parametrize


@contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """Evaluate `network` in its own precision proper, with no graph behind its weights and every weight computed once.

    Inside, all of it is in evaluation mode, autocast is off, and its parameters ask for no gradient; when the block
    ends, however it ends, every module's mode and every parameter's wish are what they were.
    """
    modes = {module: module.training for module in network.modules()}
    wanted = {parameter: parameter.requires_grad for parameter in network.parameters()}
    device = next((parameter.device.type for parameter in wanted), "cpu")
    # Convolutions on a GPU would round their inputs to TensorFloat-32, which has the 10 bits of float16.
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
