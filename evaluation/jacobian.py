"""Singular values of the Jacobian of a network with respect to its input (Price and Tanner 2021, Fig. 4)."""

from copy import deepcopy
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils import parametrize

from common.errors import DataError, check_choice

Mode = Literal["eval", "train", "train-summed"]


@dataclass(frozen=True)
class Spectrum:
    """Singular values of Jacobians.

    Parameters
    ----------
    each
        Singular values at each input, largest first, (input, value).
    """

    each: NDArray[np.float64]

    @property
    def mean(self) -> NDArray[np.float64]:
        """Mean over inputs, (value,)."""
        return np.asarray(self.each.mean(axis=0))


def _double(network: nn.Module, mode: Mode) -> nn.Module:
    """Return a copy in float64 without gradients of its weights, in evaluation mode except for batch norm if asked."""
    copy = deepcopy(network).double().eval().requires_grad_(False)
    for module in copy.modules():
        if isinstance(module, _BatchNorm):
            module.train(mode != "eval")
    return copy


def _gradient(output: Tensor, inputs: Tensor) -> Tensor:
    (gradient,) = torch.autograd.grad(output, inputs, retain_graph=True)
    return gradient.flatten(1)


def _own(network: nn.Module, inputs: Tensor) -> Tensor:
    """Return d f(x)_i / d x_i for every input i, (input, output, value); outputs may depend on the whole batch."""
    inputs = inputs.detach().requires_grad_()
    outputs = network(inputs).flatten(1)
    rows = [torch.stack([_gradient(output, inputs)[i] for output in outputs[i]]) for i in range(len(inputs))]
    return torch.stack(rows)


def _summed(network: nn.Module, inputs: Tensor) -> Tensor:
    """Return d (sum over j of f(x)_j) / d x_i for every input i of a batch, (input, output, value)."""
    inputs = inputs.detach().requires_grad_()
    return torch.stack([_gradient(output, inputs) for output in network(inputs).flatten(1).sum(dim=0)], dim=1)


def jacobian_spectrum(network: nn.Module, inputs: Tensor, mode: Mode = "eval", *, at_once: int = 8) -> Spectrum:
    """Return the singular values of the Jacobian df/dx at each input, in float64; `network` is not changed.

    Parameters
    ----------
    network
        A network with few outputs per input: each takes a backward pass.
    inputs
        Inputs, (input, ...), on the device of `network`.
    mode
        Mode of batch norm; all other layers are in evaluation mode. The paper does not name the mode, and the results
        differ by orders of magnitude.
        `eval`: batch norm uses its running statistics, so inputs are independent of each other.
        `train`: it uses the statistics of `inputs` as one batch, through which every output depends on every input.
        The Jacobian is that of the output of the same input; it takes a backward pass for each output of each input.
        `train-summed`: as `train`, but with the Jacobian of the outputs summed over the batch, which includes the
        effect of an input on the others. It takes one backward pass for each output, and is zero if batch norm is the
        last layer.
    at_once
        Number of inputs per batch in mode `eval`.

    Raises
    ------
    ConfigError
        If `mode` is unknown.
    DataError
        If there is no input, or a gradient is not finite.

    Examples
    --------
    >>> network = nn.Linear(2, 2, bias=False)
    >>> _ = network.weight.data.copy_(torch.tensor([[3.0, 0.0], [0.0, 0.5]]))
    >>> jacobian_spectrum(network, torch.zeros(4, 2)).mean
    array([3. , 0.5])
    """
    check_choice("mode", mode, Mode)
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
