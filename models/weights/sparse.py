"""Static sparse weights: only the kept values are parameters; the dense weight is formed where a layer asks for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from common.errors import ConfigError
from models.prunable import Masks
from models.weights.laying import lay, masked_layers

MaskInit = Literal["none", "rescaled"]


@contextmanager
def _any_order() -> Iterator[None]:
    """Let an operation whose result does not depend on the order of its writes run without torch's sorting them.

    With deterministic algorithms required, every kind of scatter on a GPU sorts its positions first. Where each is
    written once, that changes nothing but the time.
    """
    required = torch.are_deterministic_algorithms_enabled()
    warns = torch.is_deterministic_algorithms_warn_only_enabled()
    torch.use_deterministic_algorithms(False)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(required, warn_only=warns)


class SparseWeight(nn.Module):
    """Parametrisation values (kept,) -> weight with the values at fixed positions and zeros elsewhere.

    Parameters
    ----------
    mask
        True where a weight is kept. The positions, int32 into the flattened weight, ascending, are part of the
        state: they count as much as one of Adam's moments.
    """

    positions: Tensor

    def __init__(self, mask: Tensor) -> None:
        super().__init__()
        self.shape = mask.shape
        self.register_buffer("positions", mask.flatten().nonzero()[:, 0].int())

    def forward(self, values: Tensor) -> Tensor:
        """Return the dense weight."""
        flat = values.new_zeros(self.shape.numel())
        with _any_order():  # no position occurs twice; the gradient is a gather, which sorts nothing
            return flat.index_put_((self.positions,), values).view(self.shape)

    def right_inverse(self, weight: Tensor) -> Tensor:
        """Return `weight`'s values at the positions, and forget the others."""
        return weight.reshape(-1)[self.positions]

    @property
    def mask(self) -> Tensor:
        """True where a weight is kept, in the weight's shape."""
        kept = torch.zeros(self.shape.numel(), dtype=torch.bool, device=self.positions.device)
        return kept.index_fill_(0, self.positions.long(), True).view(self.shape)


def lay_sparse(network: nn.Module, masks: Masks, *, mask_init: MaskInit = "none") -> None:
    """Keep only the masked weights of the layers that `masks` names, with their present values, from now on.

    Parameters, gradients, optimiser state and checkpoint then grow with the number of kept weights. Multiplications
    do not become fewer: a layer computes with its dense weight.

    Parameters
    ----------
    masks
        Layer name -> bool tensor of the weight's shape, True = kept; other layers stay as they are.
    mask_init
        `none` leaves the kept values; `rescaled` multiplies them, and a linear layer's bias, by
        1 / sqrt(kept share of the layer), as Golubeva 2021's code does.

    Raises
    ------
    ConfigError
        If a layer is unknown or already has a scheme (lay damping after this), a mask does not fit, or `mask_init` is
        neither.
    """
    if mask_init not in get_args(MaskInit):
        raise ConfigError("mask_init", mask_init, f"one of {', '.join(get_args(MaskInit))}")
    for name, layer in masked_layers(network, masks).items():
        kept = int(masks[name].sum())
        if mask_init == "rescaled" and kept:
            with torch.no_grad():
                scale = (layer.weight.numel() / kept) ** 0.5
                layer.weight.mul_(scale)
                if isinstance(layer, nn.Linear) and layer.bias is not None:
                    layer.bias.mul_(scale)
        lay(layer, SparseWeight(masks[name]))
