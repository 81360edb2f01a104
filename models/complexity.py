"""What a network costs: parameters, non-zero parameters, multiply-accumulates and memory."""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.utils import parametrize
from torch.utils.flop_counter import FlopCounterMode


@dataclass(frozen=True)
class Complexity:
    """Cost of one forward pass over one clip; `memory_bytes` is that of the parameters at 32 bit."""

    parameters: int
    nonzero_parameters: int
    macs: int
    memory_bytes: int
    input_shape: tuple[int, ...]


def multiply_accumulates(network: nn.Module, input_shape: tuple[int, ...]) -> int:
    """Count the multiply-accumulates of `network` on one input of `input_shape` (channel, mel, frame).

    Those of convolutions and matrix products, counted by torch's own flop counter (two operations each); batch norm,
    additions and pooling are left out, as the field's tools do. On the meta device nothing is computed. The network is
    left in the mode it was in.
    """
    example = next(network.parameters())
    training = network.training
    network.eval()
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(torch.zeros(1, *input_shape, device=example.device, dtype=example.dtype))
    network.train(training)
    return int(counter.get_total_flops()) // 2


def complexity(network: nn.Module, input_shape: tuple[int, ...]) -> Complexity:
    """Count what `network` costs on one input of `input_shape` (channel, mel, frame)."""
    count = sum(parameter.numel() for parameter in network.parameters())
    return Complexity(
        parameters=count,
        nonzero_parameters=_nonzero(network),
        macs=multiply_accumulates(network, input_shape),
        memory_bytes=4 * count,
        input_shape=tuple(input_shape),
    )


@torch.no_grad()
def _nonzero(network: nn.Module) -> int:
    """Count the non-zero numbers that the network computes with: of a parametrised weight, those of what it becomes."""
    plain = [value for name, value in network.named_parameters() if "parametrizations" not in name.split(".")]
    made = [
        scheme()
        for module in network.modules()
        if parametrize.is_parametrized(module)
        for scheme in module.parametrizations.values()  # type: ignore[operator]
    ]
    return sum(int(tensor.count_nonzero()) for tensor in plain + made)
