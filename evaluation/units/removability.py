"""Removable units: the share of unchanged labels when more and more units are set to zero (Casper 2021, 2.1)."""

from collections.abc import Iterable, Sequence
from itertools import product

import numpy as np
import torch
from numpy.typing import NDArray
from pandas import DataFrame, MultiIndex, Series
from torch import Tensor, nn

from common.errors import DataError
from evaluation.frozen import frozen
from evaluation.units.settings import RemovabilitySettings
from evaluation.units.sites import find_sites, watched_logits

ALL = "all"


def removal_order(units: int, settings: RemovabilitySettings, site: int, repetition: int) -> NDArray[np.int64]:
    """Return the turn in which each unit of a site is removed, a permutation of 0 to `units` - 1.

    It depends on the seed, the index of the site and the repetition, not on the level: units removed at one level are
    also removed at the next. The order of a site is the same whether it is ablated alone or together with others.
    """
    return np.random.default_rng((settings.seed, site, repetition)).permutation(units)


def removed(units: int, level: int, levels: int) -> int:
    """Return the number of units removed at a level, rounded down.

    Examples
    --------
    >>> [removed(100, level, levels=7) for level in range(7)]
    [0, 16, 33, 50, 66, 83, 100]
    """
    return level * units // (levels - 1)


class _Ablation:
    """Sets units to zero, in random orders that are kept."""

    def __init__(self, sites: Sequence[str], settings: RemovabilitySettings) -> None:
        self.sites = list(sites)
        self.settings = settings
        self.known: dict[tuple[str, int, tuple[int, ...]], Tensor] = {}

    def order(self, site: str, repetition: int, output: Tensor) -> Tensor:
        """Return the turn of every unit, in a shape that broadcasts with `output`."""
        inner = (1,) * (output.ndim - 2)
        shape = output.shape[1:] if self.settings.unit == "position" else (output.shape[1], *inner)
        key = (site, repetition, tuple(shape))
        if key not in self.known:
            turns = removal_order(int(np.prod(shape)), self.settings, self.sites.index(site), repetition)
            self.known[key] = torch.from_numpy(turns).view(shape).to(output.device)
        return self.known[key]

    def silenced(self, site: str, repetition: int, level: int, output: Tensor) -> Tensor:
        """Return `output` with the units removed at this level set to zero; the others are not rescaled."""
        order = self.order(site, repetition, output)
        return output.masked_fill(order < removed(order.numel(), level, self.settings.levels), 0)


class _Curves:
    """Counts unchanged labels per group of sites ablated together, repetition and level."""

    def __init__(self, network: nn.Module, sites: Sequence[str], settings: RemovabilitySettings) -> None:
        self.network, self.settings = network, settings
        self.sites = find_sites(network, sites)
        self.groups = {ALL: set(sites)} if settings.sites == "all" else {site: {site} for site in sites}
        self.ablation = _Ablation(sites, settings)
        self.inputs = 0
        self.unchanged = np.zeros((len(self.groups), settings.repetitions, settings.levels), dtype=np.int64)

    def ablated(self, batch: Tensor, group: set[str], repetition: int, level: int) -> Tensor:
        """Return the labels of a batch with the units of one level removed from every site of a group."""

        def see(site: str, output: Tensor) -> Tensor | None:
            return self.ablation.silenced(site, repetition, level, output) if site in group else None

        return watched_logits(self.network, self.sites, batch, see).argmax(dim=1)

    def add(self, batch: Tensor) -> None:
        """Count the unchanged labels of a batch."""
        logits = watched_logits(self.network, self.sites, batch, lambda _site, _output: None)
        if not logits.isfinite().all():
            raise DataError("the network's outputs are not finite: its weights have diverged")
        intact = logits.argmax(dim=1)
        turns, levels = range(self.settings.repetitions), range(1, self.settings.levels)
        same = [
            (self.ablated(batch, group, turn, level) == intact).sum()
            for group, turn, level in product(self.groups.values(), turns, levels)
        ]
        self.unchanged[:, :, 0] += len(batch)
        self.unchanged[:, :, 1:] += torch.stack(same).view(len(self.groups), len(turns), len(levels)).cpu().numpy()
        self.inputs += len(batch)

    def table(self) -> DataFrame:
        """Return the curves so far."""
        shares = np.linspace(0, 1, self.settings.levels)
        names = ["site", "repetition", "share"]
        index = MultiIndex.from_product([self.groups, range(self.settings.repetitions), shares], names=names)
        return DataFrame({"unchanged": self.unchanged.ravel() / self.inputs}, index=index).reset_index()


@torch.no_grad()
def ablation_curves(
    network: nn.Module,
    batches: Iterable[Tensor],
    sites: Sequence[str],
    settings: RemovabilitySettings | None = None,
) -> DataFrame:
    """Return the share of predicted labels that do not change when units are set to zero; `network` is not changed.

    The reference labels are those predicted by the intact network in evaluation mode, right or wrong. Without any unit
    a network still predicts the label of its last biases, so curves end at about 1 / classes, not at 0.

    The inputs are read once and memory does not grow with their number. Time grows with curves times levels. If most of
    it is spent before the first site, pass the rest of the network and its inputs instead.

    Parameters
    ----------
    network
        A network that returns logits (input, class).
    batches
        Batches of inputs on the device of `network`.
    sites
        Names of modules whose output, (input, unit, ...), is ablated: usually hidden layers after their ReLU and before
        pooling, never the logits.
    settings
        Settings; those of the paper by default.

    Returns
    -------
    DataFrame
        `site` (`all` if all are ablated at once), `repetition`, `share` of units removed, and share of labels
        `unchanged`.

    Raises
    ------
    ConfigError
        If a site is unknown or its output has no units.
    DataError
        If there is no input, or the network does not return finite logits.

    Examples
    --------
    Four classes with one unit each; without any unit the label is 0.

    >>> network = nn.Sequential(nn.ReLU(), nn.Linear(4, 4, bias=False))
    >>> _ = nn.init.eye_(network[1].weight)
    >>> ablation_curves(network, [torch.eye(4)], ["0"], RemovabilitySettings(levels=3, repetitions=1))
      site  repetition  share  unchanged
    0    0           0    0.0       1.00
    1    0           0    0.5       0.50
    2    0           0    1.0       0.25
    """
    curves = _Curves(network, sites, settings or RemovabilitySettings())
    with frozen(network):
        for batch in batches:
            curves.add(batch)
    if not curves.inputs:
        raise DataError("there is no input to ablate units on")
    return curves.table()


def areas(curves: DataFrame, settings: RemovabilitySettings | None = None) -> Series:
    """Return the area under every curve, by (site, repetition); 1 if no label changes.

    The removability of a network is the mean of these areas; every site has the same number of repetitions.

    Parameters
    ----------
    curves
        See `ablation_curves`.
    settings
        Settings; those of the paper by default.

    Examples
    --------
    >>> curves = DataFrame({"site": "1", "repetition": 0, "share": [0.0, 0.5, 1.0], "unchanged": [1.0, 0.8, 0.5]})
    >>> areas(curves).round(3).tolist()
    [0.775]
    """
    settings = settings or RemovabilitySettings()
    grouped = curves.groupby(["site", "repetition"], sort=False)
    if settings.area == "mean":
        return grouped["unchanged"].mean().rename("area")
    points = grouped[["share", "unchanged"]]
    return points.apply(lambda curve: float(np.trapezoid(curve["unchanged"], curve["share"]))).rename("area")
