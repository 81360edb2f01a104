"""Frequency damping: O = (W . C) * Z, C falling from a kernel's centre row to its edge rows (Koutini 2021, App. B)."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.utils import parametrize

from common.errors import ConfigError


def damping_matrix(kernel: tuple[int, int], edge: float) -> Tensor:
    """Return C for one kernel, shape (1, 1, mel, frame): 1 in the centre row, falling linearly to `edge` at the edges.

    A kernel of one row is left alone. Along time and channels C is constant.
    """
    centre = (kernel[0] - 1) / 2
    distance = (torch.arange(kernel[0]) - centre).abs() / max(centre, 0.5)
    rows = 1 - (1 - edge) * distance
    return rows.view(1, 1, -1, 1).expand(1, 1, *kernel).contiguous()


class _Damped(torch.autograd.Function):
    """W . C in the dtype that the layer computes with: one pass over the weight, where product and cast are two."""

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
    """Return the dtype to which a layer would cast this weight under the present autocast."""
    kind = weight.device.type
    cast = weight.dtype == torch.float32 and torch.is_autocast_enabled(kind)
    return torch.get_autocast_dtype(kind) if cast else weight.dtype


class FrequencyDamping(nn.Module):
    """Parametrisation W -> W . C, in training and in evaluation alike; under autocast in autocast's dtype."""

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
        Factor m at the kernel's edge rows, between 0 and 1; the paper does not give it.

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
