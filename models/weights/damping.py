"""Frequency damping: O = (W . C) * Z, C falling from a kernel's centre row to its edge rows (Koutini 2021, App. B)."""

import torch
from torch import Tensor, nn
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


class FrequencyDamping(nn.Module):
    """Parametrisation W -> W . C, in training and in evaluation alike."""

    matrix: Tensor

    def __init__(self, kernel: tuple[int, int], edge: float) -> None:
        super().__init__()
        self.register_buffer("matrix", damping_matrix(kernel, edge), persistent=False)

    def forward(self, weight: Tensor) -> Tensor:
        """Damp `weight` of shape (out, in, mel, frame)."""
        return weight * self.matrix


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
