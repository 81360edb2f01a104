"""Frequency damping: O = (W . C) * Z, with C decreasing from the centre row to the edge rows (Koutini 2021, App. B)."""

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.utils import parametrize

from common.errors import ConfigError
from models.weights.scheme import Laying, Scheme


@dataclass(frozen=True, kw_only=True)
class Damping(Scheme, kind="damped"):
    """Frequency damping of all convolutions that span more than one mel band (or row).

    Parameters
    ----------
    edge
        Factor at the edge rows of the kernels, 0 to 1; the paper does not give a value.
    """

    edge: float = 0.1

    chooses: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Check the factor."""
        if not 0 <= self.edge <= 1:
            raise ConfigError("edge", self.edge, "a number from 0 to 1")

    def lay(self, network: nn.Module, laying: Laying) -> None:
        """Damp the convolutions, after every other scheme."""
        damp(network, self.edge)


def damping_matrix(kernel: tuple[int, int], edge: float) -> Tensor:
    """Return the damping matrix C of a kernel, 1 in the centre row and decreasing linearly to `edge` at the edges.

    C is constant along time and channels. A kernel of one row is not damped.

    Parameters
    ----------
    kernel
        Kernel size in mel bands and frames.
    edge
        Factor at the edge rows.

    Returns
    -------
    Tensor
        Shape (1, 1, mel, frame).

    Examples
    --------
    >>> damping_matrix((5, 1), edge=0.5).flatten().tolist()
    [0.5, 0.75, 1.0, 0.75, 0.5]
    """
    centre = (kernel[0] - 1) / 2
    distance = (torch.arange(kernel[0]) - centre).abs() / max(centre, 0.5)
    rows = 1 - (1 - edge) * distance
    return rows.view(1, 1, -1, 1).expand(1, 1, *kernel).contiguous()


class _Damped(torch.autograd.Function):
    """W . C in the dtype of the layer's computation, in one pass over the weight instead of a product and a cast."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, matrix: Tensor, dtype: torch.dtype) -> Tensor:
        ctx.save_for_backward(matrix)
        return torch.mul(weight, matrix, out=torch.empty_like(weight, dtype=dtype))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        (matrix,) = ctx.saved_tensors
        return gradient * matrix, None, None  # a bfloat16 gradient is promoted to the matrix's float32


def _computing_dtype(weight: Tensor) -> torch.dtype:
    """Return the dtype to which the present autocast casts this weight."""
    kind = weight.device.type
    cast = weight.dtype == torch.float32 and torch.is_autocast_enabled(kind)
    return torch.get_autocast_dtype(kind) if cast else weight.dtype


class FrequencyDamping(nn.Module):
    """Parametrisation W -> W . C, in training and evaluation; under autocast, the result has autocast's dtype."""

    matrix: Tensor

    def __init__(self, kernel: tuple[int, int], edge: float) -> None:
        super().__init__()
        self.register_buffer("matrix", damping_matrix(kernel, edge), persistent=False)

    def forward(self, weight: Tensor) -> Tensor:
        """Damp `weight` of shape (out, in, mel, frame)."""
        dtype = _computing_dtype(weight)
        if dtype == weight.dtype:
            return weight * self.matrix
        return _Damped.apply(weight, self.matrix, dtype)  # type: ignore[no-any-return, no-untyped-call]


def damp(network: nn.Module, edge: float) -> None:
    """Lay frequency damping over every convolution of `network` that spans more than one mel band.

    Parameters
    ----------
    edge
        Factor at the edge rows of the kernels, 0 to 1; the paper does not give a value.

    Raises
    ------
    ConfigError
        If `edge` is outside 0 to 1.
    """
    if not 0 <= edge <= 1:
        raise ConfigError("damping", edge, "a number from 0 to 1")
    for module in list(network.modules()):
        if isinstance(module, nn.Conv2d) and module.kernel_size[0] > 1:
            kernel = (module.kernel_size[0], module.kernel_size[1])
            parametrize.register_parametrization(module, "weight", FrequencyDamping(kernel, edge))
