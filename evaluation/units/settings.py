"""Settings of removable and repeated units: defaults of the paper, and constants with those of the published code."""

from dataclasses import dataclass
from typing import Literal

from common.errors import ConfigError, check_choice

Sites = Literal["each", "all"]
Area = Literal["trapezoid", "mean"]
Unit = Literal["channel", "position"]
Dead = Literal["apart", "minus-one"]


def _check_least(field: str, value: int, least: int) -> None:
    if value < least:
        raise ConfigError(field, value, f"a whole number of at least {least}")


@dataclass(frozen=True, kw_only=True)
class RemovabilitySettings:
    """Settings of ablation curves and of the area under them (Casper 2021, sections 2.1 and 3).

    Parameters
    ----------
    sites
        `each`: one curve per site, with units removed from this site alone, as in the paper. `all`: one curve, with the
        same share of units removed from all sites at once, as in the published code.
    area
        `trapezoid`, or the `mean` of the curve's values, which the published code calls the area.
    unit
        `channel`: a channel is removed at all positions, as in the published code. `position`: every channel at every
        position is a unit, as in the text of the paper. In fully connected layers they are the same.
    levels
        Number of points of a curve, at evenly spaced shares from 0 to 1.
    repetitions
        Number of curves per site, each with another random order of removal.
    seed
        Seed of these orders.

    Raises
    ------
    ConfigError
        If a value is not allowed.
    """

    sites: Sites = "each"
    area: Area = "trapezoid"
    unit: Unit = "channel"
    levels: int = 7
    repetitions: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        """Check every setting."""
        check_choice("sites", self.sites, Sites)
        check_choice("area", self.area, Area)
        check_choice("unit", self.unit, Unit)
        _check_least("levels", self.levels, 2)
        _check_least("repetitions", self.repetitions, 1)
        _check_least("seed", self.seed, 0)


@dataclass(frozen=True, kw_only=True)
class RepetitionSettings:
    """Settings of repeated units (Casper 2021, sections 2.2 and 3).

    Parameters
    ----------
    threshold
        Absolute correlation from which on two units repeat each other.
    dead
        Treatment of constant units, which have no correlation. `apart`: they are counted, and left out of the mean over
        units. `minus-one`: each repeats -1 others, as in the published code.
    cap
        Maximum number of activation vectors per site, divided evenly among the batches. A vector holds the units of an
        image in a fully connected layer, or the channels at one position of an image in a convolution.
    samplings
        Number of independent random samplings of the vectors.
    seed
        Seed of the samplings.

    Raises
    ------
    ConfigError
        If a value is not allowed.
    """

    threshold: float = 0.5
    dead: Dead = "apart"
    cap: int = 50_000
    samplings: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        """Check every setting."""
        if not 0 < self.threshold <= 1:
            raise ConfigError("threshold", self.threshold, "a number above 0, at most 1")
        check_choice("dead", self.dead, Dead)
        _check_least("cap", self.cap, 2)
        _check_least("samplings", self.samplings, 1)
        _check_least("seed", self.seed, 0)


CODE_REMOVABILITY = RemovabilitySettings(sites="all", area="mean")
CODE_REPETITION = RepetitionSettings(dead="minus-one")
