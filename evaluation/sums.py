"""Sums of a measure per seed, held-out unit, scene and group of devices, from which intervals are computed."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, Index, MultiIndex

from evaluation.accuracy import totals


@dataclass(frozen=True, kw_only=True)
class Sums:
    """Sums of a measure over the test clips of one configuration.

    Parameters
    ----------
    measured
        Sums of the measure, (seed, unit, scene, group).
    clips
        Numbers of clips, (unit, scene, group); the same for every seed.
    groups
        Names of the groups, (level, name).
    units
        Names of the units, ascending.
    """

    measured: NDArray[np.float64]
    clips: NDArray[np.float64]
    groups: "Index[Any]"
    units: tuple[Any, ...]

    @classmethod
    def of(cls, scored: DataFrame, unit: list[str], measure: str = "correct", clips: str = "clips") -> "Sums":
        """Sum a column of scored clips per seed, unit, scene and group.

        Parameters
        ----------
        scored
            One row per seed and test clip.
        unit
            Columns that name the held-out unit of a clip.
        measure, clips
            Columns of the measure and of its divisor.

        Examples
        --------
        Two locations, of which one has a wrong clip.

        >>> scored = DataFrame(
        ...     {
        ...         "seed": 0,
        ...         "location": ["lyon-1", "lyon-1", "lyon-2"],
        ...         "scene": "bus",
        ...         "device": "a",
        ...         "kind": "reference",
        ...         "seen": True,
        ...         "correct": [1.0, 0.0, 1.0],
        ...         "clips": 1.0,
        ...     }
        ... )
        >>> sums = Sums.of(scored, ["location"])
        >>> sums.units
        (('lyon-1',), ('lyon-2',))
        >>> sums.measured[0, :, 0, 0], sums.clips[:, 0, 0]
        (array([1., 1.]), array([2., 1.]))
        """
        keyed = scored.assign(unit=MultiIndex.from_frame(scored[unit]).to_flat_index())
        by = ["seed", "unit", "scene"]
        names = [sorted(keyed[column].unique()) for column in by]
        everything = MultiIndex.from_product(names, names=by)
        found = totals(keyed, [measure, clips], by)
        measured, counted = (found[column].reindex(everything, fill_value=0.0) for column in (measure, clips))
        shape = (*map(len, names), measured.shape[1])
        return cls(
            measured=measured.to_numpy().reshape(shape),
            clips=counted.to_numpy().reshape(shape).mean(axis=0),
            groups=measured.columns,
            units=tuple(names[1]),
        )

    @property
    def seeds(self) -> int:
        """Number of seeds."""
        return len(self.measured)

    def over_scenes(self) -> "Sums":
        """Return the sums over all scenes, for means over clips in place of means over scenes."""
        measured, clips = self.measured.sum(axis=2, keepdims=True), self.clips.sum(axis=1, keepdims=True)
        return Sums(measured=measured, clips=clips, groups=self.groups, units=self.units)


def ratio(measured: NDArray[np.float64], clips: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean over scenes of `measured` / `clips`, leaving out scenes without clips.

    Parameters
    ----------
    measured, clips
        Sums and numbers of clips, (..., scene, group).

    Returns
    -------
    ndarray
        (..., group); NaN for a group without clips.
    """
    shares = np.divide(
        measured, clips, out=np.full(np.broadcast_shapes(measured.shape, clips.shape), np.nan), where=clips > 0
    )
    known = ~np.isnan(shares)
    count = known.sum(axis=-2)
    summed = np.where(known, shares, 0).sum(axis=-2)
    mean: NDArray[np.float64] = np.divide(summed, count, out=np.full(summed.shape, np.nan), where=count > 0)
    return mean
