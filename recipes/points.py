"""A point of a figure: which network, in which series; and the run descriptions that it stands for."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from asc.description import Labels, Roll, RunDescription, Sparsity
from asc.options import SetFacts, TrainOptions, describe

Preset = Literal["demo", "paper"]
DAMPING = 0.1
BASE, DAMPED = "base", "damped"


@dataclass(frozen=True, kw_only=True)
class Point:
    """One configuration of a figure: the network, how it is trained where not as the preset says, and its series."""

    series: str
    width: int = 32
    depth: int = 1
    pointwise_depth: int = 1
    damping: float | None = None
    labels: Labels = "true"
    mixup_alpha: float | None = None
    roll: Roll | None = None
    epochs: int | None = None
    sparse: Sparsity | None = None
    base_width: int | None = None

    @property
    def network(self) -> dict[str, int | float | None]:
        """W, D, K and damping, as the command line names them."""
        return {name: getattr(self, name) for name in ("width", "depth", "pointwise_depth", "damping")}

    @property
    def settings(self) -> dict[str, Any]:
        """Everything that the point asks for, as the command line names it."""
        return {name: value for name, value in asdict(self).items() if name != "series" and value is not None}


def both_networks(**sizes: Any) -> list[Point]:
    """Return a size as the base and as the damped network, each in the series of its name."""
    return [Point(series=BASE, **sizes), Point(series=DAMPED, **sizes, damping=DAMPING)]


def describe_point(
    point: Point, prepared: SetFacts, preset: Preset, seeds: int, **training: Any
) -> list[RunDescription]:
    """Return the runs of a point, one for each seed; `training` overrides the preset, and the point both."""
    settings = training | point.settings
    return [
        describe(TrainOptions(data=Path(), runs=Path(), preset=preset, seed=seed, **settings), prepared)
        for seed in range(seeds)
    ]
