"""Correlations between units from rows that come in parts: memory grows with the units alone."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from common.errors import DataError


class RunningCorrelation:
    """Mean, products of deviations from it, and range of every unit, in float64, updated with each part.

    Deviations are from the running mean (Chan, Golub and LeVeque 1983): raw sums of squares would lose units whose
    spread is small beside their mean.
    """

    def __init__(self, units: int, device: torch.device) -> None:
        self.rows = 0
        self._mean = torch.zeros(units, dtype=torch.float64, device=device)
        self._products = torch.zeros(units, units, dtype=torch.float64, device=device)
        self._least = torch.full_like(self._mean, torch.inf)
        self._most = torch.full_like(self._mean, -torch.inf)

    def add(self, part: Tensor) -> None:
        """Take more rows, (row, unit).

        Raises
        ------
        DataError
            If a value is not finite, or there are other units than before.
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
        """Return the Pearson correlations, (unit, unit); NaN in the rows and columns of units that never changed."""
        spread = self._products.diagonal().sqrt()
        # A constant unit's deviations are zero only up to rounding, its range is zero exactly.
        spread[self._least >= self._most] = torch.nan
        correlation = (self._products / spread / spread[:, None]).clamp(-1, 1)
        live = spread > 0
        correlation[~live], correlation[:, ~live] = torch.nan, torch.nan
        correlation.diagonal()[live] = 1.0
        return correlation.cpu().numpy()
