"""Maximum receptive field, computed from the layers along all paths through a network."""

from dataclasses import dataclass
from typing import Any

import torch.fx
from torch import nn

_POINTWISE = (nn.BatchNorm2d, nn.ReLU, nn.Identity, nn.Dropout)


@dataclass(frozen=True)
class Reach:
    """Receptive field of output position i along one axis: input positions `first + jump * i` to `last + jump * i`.

    Both ends are included. Positions outside the input are padding and are counted, as the maximum receptive field is a
    property of the layers.
    """

    first: int = 0
    last: int = 0
    jump: int = 1

    @property
    def size(self) -> int:
        """Size of the receptive field in input positions."""
        return self.last - self.first + 1

    @property
    def centre(self) -> float:
        """Input position at the centre of the receptive field of output position 0."""
        return (self.first + self.last) / 2

    def through(self, kernel: int, stride: int, padding: int, dilation: int) -> "Reach":
        """Return the reach after another layer."""
        first = self.first - padding * self.jump
        last = self.last + (dilation * (kernel - 1) - padding) * self.jump
        return Reach(first, last, self.jump * stride)

    def joined(self, other: "Reach") -> "Reach":
        """Return the reach of the sum of two paths."""
        if self.jump != other.jump:
            raise ValueError(f"paths with jumps {self.jump} and {other.jump} cannot be added")
        return Reach(min(self.first, other.first), max(self.last, other.last), self.jump)


def _pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def _after(module: nn.Module, reach: tuple[Reach, Reach]) -> tuple[Reach, Reach]:
    if isinstance(module, _POINTWISE):
        return reach
    if isinstance(module, nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d):
        layer: Any = module
        kernel, stride, padding = _pair(layer.kernel_size), _pair(layer.stride), _pair(layer.padding)
        dilation = _pair(getattr(layer, "dilation", 1))
        mel, frame = (axis.through(kernel[i], stride[i], padding[i], dilation[i]) for i, axis in enumerate(reach))
        return mel, frame
    raise TypeError(f"the reach of a {type(module).__name__} is not known")


class _Layers(torch.fx.Tracer):
    """Tracer whose leaves are torch's layers; a parametrised convolution is one layer."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return not isinstance(m, nn.Sequential) and (m.__module__.startswith("torch.nn") or isinstance(m, nn.Conv2d))


def receptive_field(network: nn.Module) -> tuple[Reach, Reach]:
    """Return the receptive field of `network`'s output along mel bands and along frames.

    Parameters
    ----------
    network
        Module of convolutions, pooling, batch norm, ReLU and sums whose output is a map, such as
        `AudioResNet.features`. A pooling layer is treated as a convolution of the same kernel size.

    Raises
    ------
    TypeError
        If the network contains another type of layer.

    Examples
    --------
    >>> mel, frame = receptive_field(nn.Sequential(nn.Conv2d(1, 8, 5, stride=2), nn.MaxPool2d(2), nn.Conv2d(8, 8, 3)))
    >>> mel.size, frame.jump
    (15, 4)
    """
    reaches: dict[torch.fx.Node, tuple[Reach, Reach]] = {}
    result = (Reach(), Reach())
    for node in _Layers().trace(network).nodes:
        if node.op == "placeholder":
            result = (Reach(), Reach())
        elif node.op == "call_module":
            result = _after(network.get_submodule(str(node.target)), reaches[node.all_input_nodes[0]])
        elif node.op == "call_function" and getattr(node.target, "__name__", "") in ("add", "iadd"):
            left, right = (reaches[parent] for parent in node.all_input_nodes)
            result = (left[0].joined(right[0]), left[1].joined(right[1]))
        elif node.op == "output":
            return reaches[node.all_input_nodes[0]]
        else:
            raise TypeError(f"the reach of {node.op} {node.target} is not known")
        reaches[node] = result
    return result
