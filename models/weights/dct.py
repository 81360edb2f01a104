"""A fixed cosine transform plus trainable sparse values: W = alpha D + S (Price and Tanner 2021)."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from models.prunable import Masks, prunable
from models.weights.laying import lay, masked_layers
from models.weights.sparse import SparseWeight


def dct_matrix(rows: int, columns: int) -> Tensor:
    """Return the first rows and columns of the orthonormal DCT-II matrix of size max(rows, columns), in float64.

    Its rows are orthonormal where there are no more rows than columns, else its columns.
    """
    size = max(rows, columns)
    frequency, place = torch.arange(rows)[:, None], torch.arange(columns)
    # The phase is reduced in whole numbers: at high frequencies a floating-point one would lose digits.
    phase = (2 * place + 1) * frequency % (4 * size)
    matrix = math.sqrt(2 / size) * torch.cos(phase.double() * (math.pi / (2 * size)))
    matrix[0] /= math.sqrt(2)
    return matrix


def dct_weight(shape: torch.Size) -> Tensor:
    """Return the transform as a weight (out, in / groups, kh, kw) or (out, in), in float64.

    A patch is read in the order (kh, kw, channel), channel fastest.
    """
    matrix = dct_matrix(shape[0], shape[1:].numel())
    return matrix.view(shape[0], *shape[2:], shape[1]).movedim(-1, 1).contiguous()


class DctPlusSparse(SparseWeight):
    """Parametrisation values -> alpha D + values at their positions.

    Parameters
    ----------
    mask
        True where S has a value.
    alpha
        Scale of the transform, one scalar.
    train_alpha
        Whether it is trained.
    like
        The weight that is replaced: D takes its dtype. D is not part of the state.
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
        """Return the values that give `weight` at the positions."""
        return super().right_inverse(weight - self.alpha * self.transform)


def lay_dct_plus_sparse(
    network: nn.Module, masks: Masks, *, alpha: float | Mapping[str, float] = 1.0, train_alpha: bool = True
) -> None:
    """Replace the weights of the layers that `masks` names by alpha D + S, S starting from zero.

    Parameters
    ----------
    masks
        Layer name -> bool tensor of the weight's shape, True where S has a value; other layers stay as they are.
    alpha
        Initial scale of D, one for all layers or by layer name (see `fixup_alphas`).

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
    """Return the alphas that mimic the present weights of a network whose residual branches start at or near zero.

    The first layer has alpha 1, a layer of zeros alpha 0. Every other has the ratio of its filters' mean norm to that
    of D's rows, which is what a residual scaling such as Fixup asks for.

    Parameters
    ----------
    published
        Take the square root of each ratio, as Price and Tanner's code does; the norms then do not match.
    """
    alphas = {}
    for i, (name, layer) in enumerate(prunable(network).items()):
        ratio = (
            layer.weight.detach().flatten(1).norm(dim=1).mean()
            / dct_weight(layer.weight.shape).flatten(1).norm(dim=1).mean()
        )
        alphas[name] = 1.0 if i == 0 else float(ratio.sqrt() if published else ratio)
    return alphas
