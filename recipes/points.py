"""A point of a figure: which network, in which series; and the run descriptions that it stands for."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from asc.description import RunDescription
from asc.train import TrainOptions, describe
from data_prep.storage import PreparedSet

Preset = Literal["demo", "paper"]
DAMPING = 0.1


@dataclass(frozen=True, kw_only=True)
class Point:
    """One configuration of a figure: W, D, K and damping of the network, and the line that it belongs to."""

    series: str
    width: int = 32
    depth: int = 1
    pointwise_depth: int = 1
    damping: float | None = None

    @property
    def network(self) -> dict[str, int | float | None]:
        """What decides the network, as the command line names it."""
        return {name: value for name, value in asdict(self).items() if name != "series"}


def both_networks(**sizes: int) -> list[Point]:
    """Return a size as the base and as the damped network, each in the series of its name."""
    return [Point(series="base", **sizes), Point(series="damped", **sizes, damping=DAMPING)]


def describe_point(
    point: Point, prepared: PreparedSet, preset: Preset, seeds: int, **training: int | float | str | None
) -> list[RunDescription]:
    """Return the runs of a point, one for each seed; `training` overrides what the preset says."""
    return [
        describe(
            TrainOptions(data=Path(), runs=Path(), preset=preset, seed=seed, **point.network, **training),  # type: ignore[arg-type]
            prepared,
        )
        for seed in range(seeds)
    ]
