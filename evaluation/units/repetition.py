"""Repeated units: those whose activity is highly correlated with others' of their layer (Casper 2021, 2.2)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from pandas import DataFrame
from torch import Tensor, nn

from common.errors import ConfigError, DataError
from evaluation.frozen import frozen
from evaluation.units.correlation import RunningCorrelation
from evaluation.units.settings import RepetitionSettings
from evaluation.units.sites import find_sites, watched_logits


class Batches(Protocol):
    """Batches of inputs that know how many they are: a tuple, a list, a loader."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Tensor]: ...


def sampled_vectors(output: Tensor, most: int, generator: np.random.Generator) -> Tensor:
    """Return activation vectors of a site's output (input, unit, ...): (vector, unit).

    All of them where they are at most `most`, else `most` different ones, drawn at random over inputs and positions.
    """
    positions = output.flatten(2) if output.ndim > 2 else output[:, :, None]
    count = len(positions) * positions.shape[2]
    chosen = generator.choice(count, most, replace=False, shuffle=False) if count > most else np.arange(count)
    image, position = torch.from_numpy(np.stack(np.divmod(chosen, positions.shape[2]))).to(output.device)
    return positions[image, :, position]


class _Samplings:
    """The running correlations of every site, one for each independent sampling."""

    def __init__(self, sites: Sequence[str], share: int, settings: RepetitionSettings) -> None:
        self.share = share
        self.generators = {
            site: [np.random.default_rng((settings.seed, place, turn)) for turn in range(settings.samplings)]
            for place, site in enumerate(sites)
        }
        self.running: dict[str, list[RunningCorrelation]] = {}

    def see(self, site: str, output: Tensor) -> None:
        """Sample a site's output."""
        generators = self.generators[site]
        if site not in self.running:
            self.running[site] = [RunningCorrelation(output.shape[1], output.device) for _ in generators]
        for running, generator in zip(self.running[site], generators, strict=True):
            running.add(sampled_vectors(output, self.share, generator))

    def matrices(self, site: str) -> NDArray[np.float64]:
        """Return the correlations of a site, (sampling, unit, unit)."""
        if min(running.rows for running in self.running[site]) < 2:
            raise DataError(f"{site} gave fewer than two activation vectors: give more inputs")
        return np.stack([running.matrix() for running in self.running[site]])


@torch.no_grad()
def unit_correlations(
    network: nn.Module,
    batches: Batches,
    sites: Sequence[str],
    settings: RepetitionSettings | None = None,
) -> dict[str, NDArray[np.float64]]:
    """Return the Pearson correlations between the units of each site; `network` is left as it was.

    Memory does not grow with the inputs, which are gone through once.

    Parameters
    ----------
    network
        Any network that returns logits (input, class).
    batches
        Inputs on the device of `network`.
    sites
        Names of modules whose output, (input, unit, ...), is measured: hidden layers, not the logits.
    settings
        The paper's where None.

    Returns
    -------
    dict
        Site -> (sampling, unit, unit); NaN where a unit never changed on the vectors sampled.

    Raises
    ------
    ConfigError
        If a site is unknown or unfit, or the cap is below the number of batches.
    DataError
        If there are fewer than two activation vectors, or some are not finite.
    """
    settings = settings or RepetitionSettings()
    if len(batches) == 0:
        raise DataError("there is no input to correlate units on")
    if settings.cap < len(batches):
        raise ConfigError("cap", settings.cap, f"at least one activation vector for each of {len(batches)} batches")
    modules = find_sites(network, sites)
    samplings = _Samplings(sites, settings.cap // len(batches), settings)
    with frozen(network):
        for batch in batches:
            watched_logits(network, modules, batch, samplings.see)
    return {site: samplings.matrices(site) for site in sites}


def similar_units(correlations: NDArray[np.float64], settings: RepetitionSettings | None = None) -> NDArray[np.float64]:
    """Return how many others each unit repeats: (..., unit, unit) -> (..., unit); NaN or -1 where the unit is dead."""
    settings = settings or RepetitionSettings()
    # A live unit correlates with itself, a dead one with nothing.
    others = (np.abs(correlations) >= settings.threshold).sum(axis=-1) - 1.0
    if settings.dead == "apart":
        others[dead_units(correlations)] = np.nan
    return np.asarray(others)


def dead_units(correlations: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which units never changed: (..., unit, unit) -> (..., unit)."""
    return np.asarray(np.isnan(np.diagonal(correlations, axis1=-2, axis2=-1)))


def repetition_table(
    correlations: Mapping[str, NDArray[np.float64]], settings: RepetitionSettings | None = None
) -> DataFrame:
    """Return how repeated the units of each site are, a row for each site and sampling.

    A network's similarity is the mean of that column, its error bar in the paper the mean of `deviation`.

    Parameters
    ----------
    correlations
        As `unit_correlations` returns them.
    settings
        The paper's where None.

    Returns
    -------
    DataFrame
        `site`, `sampling`, `units`, `dead` (how many never changed), `similarity` (mean number of other units that a
        unit repeats) and `deviation` (its standard deviation within the site). Dead units are in these two only where
        `settings.dead` is `minus-one`; both are NaN where no unit is left.
    """
    rows = []
    for site, matrices in correlations.items():
        for sampling, matrix in enumerate(matrices):
            others = similar_units(matrix, settings)
            others = others[~np.isnan(others)]
            row = {"site": site, "sampling": sampling, "units": len(matrix), "dead": int(dead_units(matrix).sum())}
            mean, deviation = (others.mean(), others.std()) if len(others) else (np.nan, np.nan)
            rows.append(row | {"similarity": float(mean), "deviation": float(deviation)})
    return DataFrame(rows)


def pair_correlations(correlation: NDArray[np.float64], below: float = 0.99999) -> NDArray[np.float64]:
    """Return |r| of every pair of live units that is below a limit, what a violin plot shows (Casper 2021, Fig. 3).

    Parameters
    ----------
    correlation
        Of one sampling, (unit, unit).
    below
        The published code's limit, meant for units' correlation with themselves, leaves out perfect copies as well;
        `inf` gives all pairs, as the paper says.
    """
    pairs = np.abs(correlation[np.triu_indices(len(correlation), k=1)])
    return np.asarray(pairs[pairs < below])
