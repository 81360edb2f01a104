"""Removable units: how many labels stay what they were as more and more units are silenced (Casper 2021, 2.1)."""

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
    """Return at which turn each unit of a site goes, a permutation of 0 to `units` - 1.

    It depends on the seed, the site's place among the sites and the repetition, not on the level: whatever is removed
    at one level is removed at the next. A site's order is the same whether it is ablated alone or with the others.
    """
    return np.random.default_rng((settings.seed, site, repetition)).permutation(units)


def removed(units: int, level: int, levels: int) -> int:
    """Return how many units are removed at a level, their share rounded down."""
    return level * units // (levels - 1)


class _Ablation:
    """Silences units; remembers the orders in which they go."""

    def __init__(self, sites: Sequence[str], settings: RemovabilitySettings) -> None:
        self.sites = list(sites)
        self.settings = settings
        self.known: dict[tuple[str, int, tuple[int, ...]], Tensor] = {}

    def order(self, site: str, repetition: int, output: Tensor) -> Tensor:
        """Return the turn of every unit, of a shape that goes with `output`."""
        inner = (1,) * (output.ndim - 2)
        shape = output.shape[1:] if self.settings.unit == "position" else (output.shape[1], *inner)
        key = (site, repetition, tuple(shape))
        if key not in self.known:
            turns = removal_order(int(np.prod(shape)), self.settings, self.sites.index(site), repetition)
            self.known[key] = torch.from_numpy(turns).view(shape).to(output.device)
        return self.known[key]

    def silenced(self, site: str, repetition: int, level: int, output: Tensor) -> Tensor:
        """Return `output` with the units of this level at zero, the others as they were: not scaled up."""
        order = self.order(site, repetition, output)
        return output.masked_fill(order < removed(order.numel(), level, self.settings.levels), 0)


class _Curves:
    """Counts unchanged labels for every group of sites that is ablated together, repetition and level."""

    def __init__(self, network: nn.Module, sites: Sequence[str], settings: RemovabilitySettings) -> None:
        self.network, self.settings = network, settings
        self.sites = find_sites(network, sites)
        self.groups = {ALL: set(sites)} if settings.sites == "all" else {site: {site} for site in sites}
        self.ablation = _Ablation(sites, settings)
        self.inputs = 0
        self.unchanged = np.zeros((len(self.groups), settings.repetitions, settings.levels), dtype=np.int64)

    def ablated(self, batch: Tensor, group: set[str], repetition: int, level: int) -> Tensor:
        """Return the labels of a batch with the units of one level silenced at every site of a group."""

        def see(site: str, output: Tensor) -> Tensor | None:
            return self.ablation.silenced(site, repetition, level, output) if site in group else None

        return watched_logits(self.network, self.sites, batch, see).argmax(dim=1)

    def add(self, batch: Tensor) -> None:
        """Count the labels of a batch that stay."""
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
    """Return the share of predicted labels that do not change as units are silenced; `network` is left as it was.

    The labels compared with are those of the whole network in evaluation mode, right or wrong. Without any unit a
    network still gives the label of its last biases, so curves end at about one over the classes, not at 0.

    Memory does not grow with the inputs, which are gone through once; time grows with curves times levels. Where what
    comes before the first site takes most of it, give the rest of the network, and what it is fed, instead.

    Parameters
    ----------
    network
        Any network that returns logits (input, class).
    batches
        Inputs on the device of `network`.
    sites
        Names of modules whose output, (input, unit, ...), is ablated: as a rule hidden layers after their ReLU and
        before any pooling, never the logits.
    settings
        The paper's where None.

    Returns
    -------
    DataFrame
        `site` (`all` where all are ablated at once), `repetition`, `share` of units removed, `unchanged` share.

    Raises
    ------
    ConfigError
        If a site is unknown or unfit.
    DataError
        If there is no input, or the network does not return finite logits.
    """
    curves = _Curves(network, sites, settings or RemovabilitySettings())
    with frozen(network):
        for batch in batches:
            curves.add(batch)
    if not curves.inputs:
        raise DataError("there is no input to ablate units on")
    return curves.table()


def areas(curves: DataFrame, settings: RemovabilitySettings | None = None) -> Series:
    """Return the area under every curve, by (site, repetition): 1 where no label ever changes.

    A network's removability is their mean: every site has equally many repetitions.
    """
    settings = settings or RemovabilitySettings()
    grouped = curves.groupby(["site", "repetition"], sort=False)
    if settings.area == "mean":
        return grouped["unchanged"].mean().rename("area")
    points = grouped[["share", "unchanged"]]
    return points.apply(lambda curve: float(np.trapezoid(curve["unchanged"], curve["share"]))).rename("area")
