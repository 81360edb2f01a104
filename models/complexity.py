"""What a network costs: parameters, those that are not zero, their bytes, and multiply-accumulates."""

import copy
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from models.weights.bake import bake

PRECISIONS: Mapping[str, int] = {"float32": 4, "float16": 2, "int8": 1}


@dataclass(frozen=True, kw_only=True)
class Complexity:
    """Cost of a network with its schemes baked in, of one forward pass of one clip and of one second.

    Attributes
    ----------
    parameters, nonzero_parameters
        Numbers in the dense weights, biases and batch norms that the network computes with; those that are not zero.
        Running statistics of batch norm are not counted.
    bytes, nonzero_bytes
        Bytes of either count by precision, see `PRECISIONS`. Where the non-zero weights lie takes more.
    macs, second_macs
        Multiply-accumulates of convolutions and matrix products, for the clip and for one second.
    second_mult_adds
        torchinfo's `total_mult_adds` for one second, which the DCASE challenge limits, see `mult_adds`. What is said of
        one second is None where that is too short for the network.
    input_shape, second_shape
        (channel, mel, frame) of the clip and of one second.
    """

    parameters: int
    nonzero_parameters: int
    bytes: Mapping[str, int]
    nonzero_bytes: Mapping[str, int]
    macs: int
    second_macs: int | None
    second_mult_adds: int | None
    input_shape: tuple[int, ...]
    second_shape: tuple[int, ...]


def multiply_accumulates(network: nn.Module, input_shape: tuple[int, ...]) -> int:
    """Count the multiply-accumulates of `network` on one input of `input_shape` (channel, mel, frame).

    Those of convolutions and matrix products, counted by torch's own flop counter (two operations each); batch norm,
    additions and pooling are left out. On the meta device nothing is computed. The network is left in the mode it was
    in.
    """
    with FlopCounterMode(display=False) as counter:
        _pass(network, input_shape)
    return int(counter.get_total_flops()) // 2


def mult_adds(network: nn.Module, input_shape: tuple[int, ...]) -> int:
    """Count what torchinfo 1.8.0 calls `total_mult_adds`, for one input of `input_shape` (channel, mel, frame).

    Each weight and bias of a convolution counts once for each place of the output, any other layer's once. Batch norm
    is thereby included, with its two parameters a channel. A parametrised weight counts as nothing there and here: bake
    the network first. On the meta device nothing is computed. The network is left in the mode it was in.
    """
    total = 0

    def count(layer: nn.Module, _: object, output: Tensor) -> None:
        nonlocal total
        places = math.prod(output.shape[2:]) if "Conv" in type(layer).__name__ else 1
        own = dict(layer.named_parameters(recurse=False))
        total += places * sum(own[name].numel() for name in ("weight", "bias") if name in own)

    hooks = [layer.register_forward_hook(count) for layer in network.modules() if not list(layer.children())]
    try:
        _pass(network, input_shape)
    finally:
        for hook in hooks:
            hook.remove()
    return total


@torch.no_grad()
def _pass(network: nn.Module, input_shape: tuple[int, ...]) -> None:
    """Put one input of zeros through the network, in evaluation mode."""
    example, training = next(network.parameters()), network.training
    network.eval()
    try:
        network(torch.zeros(1, *input_shape, device=example.device, dtype=example.dtype))
    finally:
        network.train(training)


def complexity(network: nn.Module, input_shape: tuple[int, ...], second_shape: tuple[int, ...]) -> Complexity:
    """Count what `network` costs; it is left as it is.

    Parameters
    ----------
    network
        Plain, or with any scheme of `models.weights` laid over its weights.
    input_shape, second_shape
        (channel, mel, frame) of a clip and of one second of audio.
    """
    plain = copy.deepcopy(network)
    bake(plain)
    parameters = sum(parameter.numel() for parameter in plain.parameters())
    nonzero = sum(int(parameter.count_nonzero()) for parameter in plain.parameters())
    plain.to("meta")
    return Complexity(
        parameters=parameters,
        nonzero_parameters=nonzero,
        bytes=_bytes(parameters),
        nonzero_bytes=_bytes(nonzero),
        macs=multiply_accumulates(plain, input_shape),
        second_macs=_where_it_fits(multiply_accumulates, plain, second_shape),
        second_mult_adds=_where_it_fits(mult_adds, plain, second_shape),
        input_shape=tuple(input_shape),
        second_shape=tuple(second_shape),
    )


def accepts(network: nn.Module, input_shape: tuple[int, ...]) -> bool:
    """Return whether inputs of this shape (channel, mel, frame) are large enough for every layer of `network`."""
    plain = copy.deepcopy(network)
    bake(plain)
    try:
        _pass(plain.to("meta"), input_shape)
    except RuntimeError:  # torch has no kind of its own for a kernel that is larger than its input
        return False
    return True


def _where_it_fits(
    count: Callable[[nn.Module, tuple[int, ...]], int], network: nn.Module, input_shape: tuple[int, ...]
) -> int | None:
    """Count, or return None where a layer finds its input smaller than its kernel: torch raises no kind of its own."""
    try:
        return count(network, input_shape)
    except RuntimeError:
        return None


def _bytes(count: int) -> dict[str, int]:
    return {precision: size * count for precision, size in PRECISIONS.items()}
