"""Complexity of a network: parameters, non-zero parameters, model size in bytes and multiply-accumulates."""

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
    """Model size, and the operations of a forward pass on one clip and on one second of audio.

    Attributes
    ----------
    parameters, nonzero_parameters
        All values, and non-zero values, of the dense weights, biases and batch norms after `bake`. Running statistics
        of batch norm are not counted.
    bytes, nonzero_bytes
        Bytes of both counts by precision, see `PRECISIONS`. The positions of non-zero weights are not included.
    macs, second_macs
        Multiply-accumulates of convolutions and matrix products for the clip and for one second; `second_macs` is None
        if one second is too short for the network.
    second_mult_adds
        torchinfo's `total_mult_adds` for one second, which the DCASE challenge limits, see `mult_adds`; None as above.
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

    Convolutions and matrix products are counted with torch's flop counter, at two operations each. Batch norm,
    additions and pooling are not counted. A network on the meta device is counted without computing. Its training or
    evaluation mode is restored.

    Examples
    --------
    >>> multiply_accumulates(nn.Conv2d(1, 8, kernel_size=3, padding=1), (1, 64, 100))
    460800
    """
    with FlopCounterMode(display=False) as counter:
        _pass(network, input_shape)
    return int(counter.get_total_flops()) // 2


def mult_adds(network: nn.Module, input_shape: tuple[int, ...]) -> int:
    """Return `total_mult_adds` of torchinfo 1.8.0 for one input of `input_shape` (channel, mel, frame).

    Each weight and bias of a convolution is counted once per output position, and those of any other layer once. Batch
    norm is therefore included, with two parameters per channel. As in torchinfo, parametrised weights are not counted:
    `bake` the network first. A network on the meta device is counted without computing. Its training or evaluation mode
    is restored.
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
    """Run the network in evaluation mode on one input of zeros."""
    example, training = next(network.parameters()), network.training
    network.eval()
    try:
        network(torch.zeros(1, *input_shape, device=example.device, dtype=example.dtype))
    finally:
        network.train(training)


def complexity(network: nn.Module, input_shape: tuple[int, ...], second_shape: tuple[int, ...]) -> Complexity:
    """Return model size and operations of `network`, which is not changed.

    Parameters
    ----------
    network
        With or without schemes of `models.weights`.
    input_shape, second_shape
        (channel, mel, frame) of a clip and of one second of audio.

    Examples
    --------
    >>> from models.registry import build, network_settings
    >>> network = build(network_settings("audio-resnet", width=8))
    >>> cost = complexity(network, input_shape=(1, 256, 431), second_shape=(1, 256, 44))
    >>> cost.parameters, cost.bytes["int8"], cost.macs
    (10700, 10700, 36808584)
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
    """Return whether an input of this shape (channel, mel, frame) is large enough for every layer of `network`."""
    plain = copy.deepcopy(network)
    bake(plain)
    try:
        _pass(plain.to("meta"), input_shape)
    except RuntimeError:  # torch raises no more specific error if a kernel is larger than its input
        return False
    return True


def _where_it_fits(
    count: Callable[[nn.Module, tuple[int, ...]], int], network: nn.Module, input_shape: tuple[int, ...]
) -> int | None:
    """Return the count, or None if a layer's input is smaller than its kernel."""
    try:
        return count(network, input_shape)
    except RuntimeError:
        return None


def _bytes(count: int) -> dict[str, int]:
    return {precision: size * count for precision, size in PRECISIONS.items()}
