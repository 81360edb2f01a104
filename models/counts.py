"""Parameter counts of a network, computed on the meta device without allocating weights."""

from functools import cache
from typing import NamedTuple

import torch

from models.network import NetworkSettings
from models.pruning.allocation import Shapes, shapes_of, sizes_of
from models.registry import build


class Counts(NamedTuple):
    """Parameter counts of a network without weight schemes.

    Attributes
    ----------
    shapes
        Weight shapes of convolutions and linear layers, by layer name, in order.
    others
        Number of all other parameters: biases and batch norm.
    buffer_bytes
        Bytes of the buffers, such as the running statistics of batch norm.
    """

    shapes: Shapes
    others: int
    buffer_bytes: int

    @property
    def weights(self) -> int:
        """Number of weights of convolutions and linear layers."""
        return sum(sizes_of(self.shapes).values())

    @property
    def parameters(self) -> int:
        """Number of parameters."""
        return self.weights + self.others


@cache
def network_counts(settings: NetworkSettings) -> Counts:
    """Return the parameter counts of the network with these settings.

    Examples
    --------
    >>> from models.registry import network_settings
    >>> network_counts(network_settings("resnet18", stem="imagenet", classes=1000)).parameters
    11689512
    """
    with torch.device("meta"):
        network = build(settings)
    shapes = shapes_of(network)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    buffers = sum(buffer.nbytes for buffer in network.buffers())
    return Counts(shapes, parameters - sum(sizes_of(shapes).values()), buffers)
