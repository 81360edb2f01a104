"""The singular values of a network's Jacobian, df/dx, at one input after another (Price and Tanner 2021, Fig. 4)."""

from copy import deepcopy
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils import parametrize

from common.errors import ConfigError, DataError

Mode = Literal["eval", "train", "train-summed"]


@dataclass(frozen=True)
class Spectrum:
    """Singular values, largest first: those at each input, (input, value), and their mean over inputs, (value,)."""

    each: NDArray[np.float64]

    @property
    def mean(self) -> NDArray[np.float64]:
        """Return the mean over inputs."""
        return np.asarray(self.each.mean(axis=0))


def _double(network: nn.Module, mode: Mode) -> nn.Module:
    """Return a copy in float64 without gradients for its weights; in a train mode its batch norm alone is training."""
    copy = deepcopy(network).double().eval().requires_grad_(False)
    for module in copy.modules():
        if isinstance(module, _BatchNorm):
            module.train(mode != "eval")
    return copy


def _gradient(output: Tensor, inputs: Tensor) -> Tensor:
    (gradient,) = torch.autograd.grad(output, inputs, retain_graph=True)
    return gradient.flatten(1)


def _own(network: nn.Module, inputs: Tensor) -> Tensor:
    """Return d f(x_i) / d x_i for every input i of a batch whose outputs may depend on all, (input, output, value)."""
    inputs = inputs.detach().requires_grad_()
    outputs = network(inputs).flatten(1)
    rows = [torch.stack([_gradient(output, inputs)[i] for output in outputs[i]]) for i in range(len(inputs))]
    return torch.stack(rows)


def _summed(network: nn.Module, inputs: Tensor) -> Tensor:
    """Return d (sum over j of f(x_j)) / d x_i for every input i of a batch, (input, output, value)."""
    inputs = inputs.detach().requires_grad_()
    return torch.stack([_gradient(output, inputs) for output in network(inputs).flatten(1).sum(dim=0)], dim=1)


def jacobian_spectrum(network: nn.Module, inputs: Tensor, mode: Mode = "eval", *, at_once: int = 8) -> Spectrum:
    """Return the singular values of the Jacobian df/dx at each of `inputs`, in float64; `network` is left as it was.

    Parameters
    ----------
    network
        Any network whose outputs for one input are not more than a few: each takes a backward pass.
    inputs
        Shape (input, ...), on the device of `network`.
    mode
        What batch norm does; everything else is in evaluation mode. The paper does not say which it means, and the
        answers differ by orders of magnitude.
        `eval`: batch norm uses its running statistics, so inputs do not see each other.
        `train`: it uses the statistics of `inputs`, all of them one batch, which move with every input. The Jacobian is
        that of an input's own output, and needs a backward pass for every output of every input.
        `train-summed`: likewise, of the batch's summed outputs, so that it holds what an input does to the others too.
        It needs one backward pass for every output, and is zero where batch norm is the network's last layer.
    at_once
        Inputs in memory together in mode `eval`.

    Raises
    ------
    ConfigError
        If `mode` is none of these.
    DataError
        If there is no input, or a gradient is not finite.
    """
    if mode not in get_args(Mode):
        raise ConfigError("mode", mode, f"one of {', '.join(get_args(Mode))}")
    if len(inputs) == 0:
        raise DataError("there is no input to compute a Jacobian at")
    jacobian = _own if mode == "train" else _summed
    double, values = _double(network, mode), []
    with torch.enable_grad(), torch.autocast(inputs.device.type, enabled=False), parametrize.cached():
        for batch in torch.split(inputs.double(), at_once if mode == "eval" else len(inputs)):
            part = jacobian(double, batch)
            if not part.isfinite().all():
                raise DataError("the Jacobian is not finite: the network's weights have diverged")
            values.append(torch.linalg.svdvals(part).cpu())
    return Spectrum(torch.cat(values).numpy())
