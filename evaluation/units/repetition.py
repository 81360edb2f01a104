"""Repeated units: units whose activations correlate strongly with others of their layer (Casper 2021, 2.2)."""

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
    """Batches of inputs with a known number: a tuple, list or data loader."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Tensor]: ...


def sampled_vectors(output: Tensor, most: int, generator: np.random.Generator) -> Tensor:
    """Return activation vectors of the output of a site, (input, unit, ...) -> (vector, unit).

    If there are more than `most`, a random subset of `most` vectors over inputs and positions.
    """
    positions = output.flatten(2) if output.ndim > 2 else output[:, :, None]
    count = len(positions) * positions.shape[2]
    chosen = generator.choice(count, most, replace=False, shuffle=False) if count > most else np.arange(count)
    image, position = torch.from_numpy(np.stack(np.divmod(chosen, positions.shape[2]))).to(output.device)
    return positions[image, :, position]


class _Samplings:
    """Running correlations of every site, one for each independent sampling."""

    def __init__(self, sites: Sequence[str], share: int, settings: RepetitionSettings) -> None:
        self.share = share
        self.generators = {
            site: [np.random.default_rng((settings.seed, place, turn)) for turn in range(settings.samplings)]
            for place, site in enumerate(sites)
        }
        self.running: dict[str, list[RunningCorrelation]] = {}

    def see(self, site: str, output: Tensor) -> None:
        """Sample the output of a site."""
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
    """Return the Pearson correlations between the units of each site; `network` is not changed.

    The inputs are read once and memory does not grow with their number.

    Parameters
    ----------
    network
        A network that returns logits (input, class).
    batches
        Batches of inputs on the device of `network`.
    sites
        Names of modules whose output, (input, unit, ...), is measured: hidden layers, not the logits.
    settings
        Settings; those of the paper by default.

    Returns
    -------
    dict
        By site, (sampling, unit, unit); NaN for units that are constant on the sampled vectors.

    Raises
    ------
    ConfigError
        If a site is unknown or its output has no units, or the cap is below the number of batches.
    DataError
        If there are fewer than two activation vectors, or some are not finite.

    Examples
    --------
    The second unit is a copy of the first, the third is constant.

    >>> network = nn.Sequential(nn.ReLU(), nn.Linear(3, 2))
    >>> inputs = torch.tensor([[1.0, 1.0, 1.0], [2.0, 2.0, 1.0], [4.0, 4.0, 1.0]])
    >>> unit_correlations(network, [inputs], ["0"])["0"][0]
    array([[ 1.,  1., nan],
           [ 1.,  1., nan],
           [nan, nan, nan]])
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
    """Return the number of other units that each unit repeats, (..., unit, unit) -> (..., unit).

    It is NaN or -1 for dead units, see `RepetitionSettings.dead`.

    Examples
    --------
    >>> similar_units(np.array([[1.0, 0.9, 0.1], [0.9, 1.0, -0.6], [0.1, -0.6, 1.0]]))
    array([1., 2., 1.])
    """
    settings = settings or RepetitionSettings()
    # A live unit correlates with itself; the correlations of a dead unit are NaN.
    others = (np.abs(correlations) >= settings.threshold).sum(axis=-1) - 1.0
    if settings.dead == "apart":
        others[dead_units(correlations)] = np.nan
    return np.asarray(others)


def dead_units(correlations: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return whether each unit is constant, (..., unit, unit) -> (..., unit)."""
    return np.asarray(np.isnan(np.diagonal(correlations, axis1=-2, axis2=-1)))


def repetition_table(
    correlations: Mapping[str, NDArray[np.float64]], settings: RepetitionSettings | None = None
) -> DataFrame:
    """Return the repetition of the units of each site, one row per site and sampling.

    The similarity of a network is the mean of the column `similarity`; its error bar in the paper is the mean of
    `deviation`.

    Parameters
    ----------
    correlations
        Correlations by site, see `unit_correlations`.
    settings
        Settings; those of the paper by default.

    Returns
    -------
    DataFrame
        `site`, `sampling`, `units`, `dead` (number of constant units), `similarity` (mean number of other units that a
        unit repeats) and `deviation` (its standard deviation within the site). Dead units are included in these two
        only if `settings.dead` is `minus-one`; both are NaN if no unit is left.

    Examples
    --------
    >>> correlations = np.array([[[1.0, 0.9, 0.1], [0.9, 1.0, -0.6], [0.1, -0.6, 1.0]]])
    >>> repetition_table({"hidden": correlations})[["site", "units", "similarity", "deviation"]].round(2)
         site  units  similarity  deviation
    0  hidden      3        1.33       0.47
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
    """Return |r| below a limit of every pair of live units, for a violin plot (Casper 2021, Fig. 3).

    Parameters
    ----------
    correlation
        Correlations of one sampling, (unit, unit).
    below
        Limit of |r|. That of the published code, intended for correlations of units with themselves, also excludes
        exact copies; `inf` includes all pairs, as the paper says.

    Examples
    --------
    >>> pair_correlations(np.array([[1.0, 0.9, 0.1], [0.9, 1.0, -0.6], [0.1, -0.6, 1.0]]))
    array([0.9, 0.1, 0.6])
    """
    pairs = np.abs(correlation[np.triu_indices(len(correlation), k=1)])
    return np.asarray(pairs[pairs < below])
