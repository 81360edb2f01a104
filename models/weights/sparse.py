"""Static sparse weights: only the kept values are parameters, and layers compute with the dense weight."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from common.errors import check_choice
from models.prunable import Masks
from models.weights.laying import lay, masked_layers
from models.weights.scheme import KeepsRandomWeights, Laying

MaskInit = Literal["none", "rescaled"]


@dataclass(frozen=True, kw_only=True)
class StaticSparsity(KeepsRandomWeights, kind="static"):
    """Keep weights at random positions, fixed before training (Koutini 2021, App. A.4; Golubeva 2021).

    Parameters
    ----------
    mask_init
        Scaling of the kept values, see `lay_sparse`.
    io_only
        Keep whole kernels, see `models.pruning.masks.random_masks`.
    """

    mask_init: MaskInit = "none"
    io_only: bool = False

    def __post_init__(self) -> None:
        """Check every value."""
        super().__post_init__()
        check_choice("mask_init", self.mask_init, MaskInit)

    def lay(self, network: nn.Module, laying: Laying) -> None:
        """Keep the weights at random positions."""
        lay_kept(network, self.masks(network, laying, io_only=self.io_only), mask_init=self.mask_init)


def lay_kept(network: nn.Module, masks: Masks, *, mask_init: MaskInit = "none") -> None:
    """Lay masks as `lay_sparse` does, except on layers that keep all weights, which are cheaper dense."""
    lay_sparse(network, {name: mask for name, mask in masks.items() if not mask.all()}, mask_init=mask_init)


@contextmanager
def _any_order() -> Iterator[None]:
    """Disable deterministic algorithms for an operation whose result does not depend on the order of its writes.

    In deterministic mode, scatter operations on a GPU sort their positions first. If each position is written once,
    that only costs time.
    """
    required = torch.are_deterministic_algorithms_enabled()
    warns = torch.is_deterministic_algorithms_warn_only_enabled()
    torch.use_deterministic_algorithms(False)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(required, warn_only=warns)


class SparseWeight(nn.Module):
    """Parametrisation of a weight by its values (kept,) at fixed positions; all other entries are zero.

    Parameters
    ----------
    mask
        True where a weight is kept. The positions, ascending int32 indices of the flattened weight, are part of the
        state dict; they take as much memory as one of Adam's moments.
    """

    positions: Tensor

    def __init__(self, mask: Tensor) -> None:
        super().__init__()
        self.shape = mask.shape
        self.register_buffer("positions", mask.flatten().nonzero()[:, 0].int())

    def forward(self, values: Tensor) -> Tensor:
        """Return the dense weight."""
        flat = values.new_zeros(self.shape.numel())
        with _any_order():  # positions are unique, and the gradient is a gather without sorting
            return flat.index_put_((self.positions,), values).view(self.shape)

    def right_inverse(self, weight: Tensor) -> Tensor:
        """Return the values of `weight` at the positions."""
        return weight.reshape(-1)[self.positions]

    @property
    def mask(self) -> Tensor:
        """True where a weight is kept, in the weight's shape."""
        kept = torch.zeros(self.shape.numel(), dtype=torch.bool, device=self.positions.device)
        return kept.index_fill_(0, self.positions.long(), True).view(self.shape)


def lay_sparse(network: nn.Module, masks: Masks, *, mask_init: MaskInit = "none") -> None:
    """Keep only the masked weights of the layers that `masks` names, with their present values.

    The sizes of parameters, gradients, optimizer state and checkpoint then depend on the number of kept weights. The
    number of multiplications does not: layers compute with the dense weight.

    Parameters
    ----------
    masks
        Layer name -> bool tensor of the weight's shape, True = kept; other layers are not changed.
    mask_init
        `none` leaves the kept values; `rescaled` multiplies them, and a linear layer's bias, by
        1 / sqrt(kept share of the layer), as Golubeva 2021's code does.

    Raises
    ------
    ConfigError
        If a layer is unknown or already has a scheme (lay damping after this), a mask does not fit, or `mask_init` is
        unknown.

    Examples
    --------
    >>> from models.pruning.masks import random_masks
    >>> network = nn.Sequential(nn.Linear(100, 10, bias=False))
    >>> lay_sparse(network, random_masks(network, {"0": 50}, seed=0))
    >>> sum(parameter.numel() for parameter in network.parameters()), network[0].weight.shape
    (50, torch.Size([10, 100]))
    """
    check_choice("mask_init", mask_init, MaskInit)
    for name, layer in masked_layers(network, masks).items():
        kept = int(masks[name].sum())
        if mask_init == "rescaled" and kept:
            with torch.no_grad():
                scale = (layer.weight.numel() / kept) ** 0.5
                layer.weight.mul_(scale)
                if isinstance(layer, nn.Linear) and layer.bias is not None:
                    layer.bias.mul_(scale)
        lay(layer, SparseWeight(masks[name]))
