"""DCT plus sparse weights W = alpha D + S: a fixed transform D, sparse trained values S (Price and Tanner 2021)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from common.errors import check_choice
from models.counts import Counts
from models.network import NetworkSettings
from models.prunable import Masks, prunable
from models.weights.laying import lay, masked_layers
from models.weights.scheme import KeepsRandomWeights, Laying
from models.weights.sparse import SparseWeight

Scale = Literal["one", "fixup", "fixup-published"]


@dataclass(frozen=True, kw_only=True)
class DctSparsity(KeepsRandomWeights, kind="dct"):
    """DCT plus sparse weights: a fixed cosine transform with a trained scale, plus trained values at random positions.

    Parameters
    ----------
    scale
        Initial scale of the transforms: one, or the values of `fixup_alphas`.
    """

    scale: Scale = "one"

    def __post_init__(self) -> None:
        """Check every value."""
        super().__post_init__()
        check_choice("scale", self.scale, Scale)

    def lay(self, network: nn.Module, laying: Laying) -> None:
        """Replace each weight by the scaled transform plus the sparse values."""
        masks = self.masks(network, laying)
        alphas = 1.0 if self.scale == "one" else fixup_alphas(network, published=self.scale == "fixup-published")
        lay_dct_plus_sparse(network, masks, alpha=alphas)

    def trained(self, counts: Counts, settings: NetworkSettings) -> int:
        """Return the number of sparse values, one scale per layer, and all other parameters."""
        return super().trained(counts, settings) + len(counts.shapes)


def dct_matrix(rows: int, columns: int) -> Tensor:
    """Return the first rows and columns of the orthonormal DCT-II matrix of size max(rows, columns), in float64.

    Its rows are orthonormal if there are at most as many rows as columns, else its columns.
    """
    size = max(rows, columns)
    frequency, place = torch.arange(rows)[:, None], torch.arange(columns)
    # The phase is reduced in integers, as floating-point phases lose precision at high frequencies.
    phase = (2 * place + 1) * frequency % (4 * size)
    matrix = math.sqrt(2 / size) * torch.cos(phase.double() * (math.pi / (2 * size)))
    matrix[0] /= math.sqrt(2)
    return matrix


def dct_weight(shape: torch.Size) -> Tensor:
    """Return the transform as a weight of shape (out, in / groups, kh, kw) or (out, in), in float64.

    Patches are flattened in the order (kh, kw, channel), with the channel fastest.
    """
    matrix = dct_matrix(shape[0], shape[1:].numel())
    return matrix.view(shape[0], *shape[2:], shape[1]).movedim(-1, 1).contiguous()


class DctPlusSparse(SparseWeight):
    """Parametrisation values -> alpha D + S, with the values at fixed positions of S.

    Parameters
    ----------
    mask
        True where S has a value.
    alpha
        Initial scale of the transform, a scalar.
    train_alpha
        Whether the scale is trained.
    like
        The replaced weight, whose dtype D has. D is not part of the state dict.
    """

    transform: Tensor

    def __init__(self, mask: Tensor, alpha: float, train_alpha: bool, like: Tensor) -> None:
        super().__init__(mask)
        self.alpha = nn.Parameter(torch.tensor(alpha, dtype=like.dtype), requires_grad=train_alpha)
        self.register_buffer("transform", dct_weight(mask.shape).to(like.dtype), persistent=False)

    def forward(self, values: Tensor) -> Tensor:
        """Return the dense weight."""
        return self.alpha * self.transform + super().forward(values)

    def right_inverse(self, weight: Tensor) -> Tensor:
        """Return the values for which the result equals `weight` at the positions."""
        return super().right_inverse(weight - self.alpha * self.transform)


def lay_dct_plus_sparse(
    network: nn.Module, masks: Masks, *, alpha: float | Mapping[str, float] = 1.0, train_alpha: bool = True
) -> None:
    """Replace the weights of the layers that `masks` names by alpha D + S, with S initially zero.

    Parameters
    ----------
    masks
        Layer name -> bool tensor of the weight's shape, True where S has a value; other layers are not changed.
    alpha
        Initial scale of D, for all layers or by layer name (see `fixup_alphas`).
    train_alpha
        Whether the scales are trained.

    Raises
    ------
    ConfigError
        If a layer is unknown or already has a scheme (lay damping after this), or a mask does not fit.
    """
    for name, layer in masked_layers(network, masks).items():
        scale = alpha if isinstance(alpha, float | int) else alpha[name]
        lay(layer, DctPlusSparse(masks[name], float(scale), train_alpha, layer.weight))
        nn.init.zeros_(layer.get_parameter("parametrizations.weight.original"))


def fixup_alphas(network: nn.Module, *, published: bool = False) -> dict[str, float]:
    """Return scales that match the present weights of a network whose residual branches start at or near zero.

    The scale is 1 for the first layer and 0 for a layer of zeros. For any other layer it is the ratio of the mean norm
    of its filters to that of the rows of D, as a residual scaling such as Fixup requires.

    Parameters
    ----------
    published
        Take the square root of the ratios, as Price and Tanner's code does; the norms then do not match.
    """
    alphas = {}
    for i, (name, layer) in enumerate(prunable(network).items()):
        ratio = (
            layer.weight.detach().flatten(1).norm(dim=1).mean()
            / dct_weight(layer.weight.shape).flatten(1).norm(dim=1).mean()
        )
        alphas[name] = 1.0 if i == 0 else float(ratio.sqrt() if published else ratio)
    return alphas
