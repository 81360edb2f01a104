"""Correlations between units, accumulated over batches of rows: memory depends only on the number of units."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from common.errors import DataError


class RunningCorrelation:
    """Pearson correlations between units, updated with every batch of rows, in float64.

    Deviations are taken from the running mean (Chan, Golub and LeVeque 1983): plain sums of squares would lose
    precision for units with a standard deviation much smaller than their mean.

    Parameters
    ----------
    units
        Number of units.
    device
        Device of the rows.

    Examples
    --------
    >>> running = RunningCorrelation(2, torch.device("cpu"))
    >>> running.add(torch.tensor([[0.0, 1.0], [1.0, 0.0]]))
    >>> running.add(torch.tensor([[2.0, 0.5]]))
    >>> running.matrix().round(2)
    array([[ 1. , -0.5],
           [-0.5,  1. ]])
    """

    def __init__(self, units: int, device: torch.device) -> None:
        self.rows = 0
        self._mean = torch.zeros(units, dtype=torch.float64, device=device)
        self._products = torch.zeros(units, units, dtype=torch.float64, device=device)
        self._least = torch.full_like(self._mean, torch.inf)
        self._most = torch.full_like(self._mean, -torch.inf)

    def add(self, part: Tensor) -> None:
        """Add a batch of rows, (row, unit).

        Raises
        ------
        DataError
            If a value is not finite, or the number of units differs.
        """
        if len(part) == 0:
            return
        if part.shape[1] != len(self._mean):
            raise DataError(f"a site had {len(self._mean)} units and now has {part.shape[1]}: units must stay the same")
        if not part.isfinite().all():
            raise DataError("a unit's activity is not finite: the network's weights have diverged")
        part = part.double()
        mean = part.mean(dim=0)
        deviation, shift = part - mean, mean - self._mean
        total = self.rows + len(part)
        self._products += deviation.T @ deviation + torch.outer(shift, shift) * (self.rows * len(part) / total)
        self._mean += shift * (len(part) / total)
        self._least = torch.minimum(self._least, part.amin(dim=0))
        self._most = torch.maximum(self._most, part.amax(dim=0))
        self.rows = total

    def matrix(self) -> NDArray[np.float64]:
        """Return the Pearson correlations, (unit, unit); NaN in the rows and columns of constant units."""
        spread = self._products.diagonal().sqrt()
        # The deviations of a constant unit are zero only up to rounding, but its range is exactly zero.
        spread[self._least >= self._most] = torch.nan
        correlation = (self._products / spread / spread[:, None]).clamp(-1, 1)
        live = spread > 0
        correlation[~live], correlation[:, ~live] = torch.nan, torch.nan
        correlation.diagonal()[live] = 1.0
        return correlation.cpu().numpy()
