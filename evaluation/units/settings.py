"""How removable and repeated units are measured; the defaults are the paper's, the constants the published code's."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

from common.errors import ConfigError

Sites = Literal["each", "all"]
Area = Literal["trapezoid", "mean"]
Unit = Literal["channel", "position"]
Dead = Literal["apart", "minus-one"]


def _check_choice(field: str, value: str, choices: Any) -> None:
    if value not in get_args(choices):
        raise ConfigError(field, value, f"one of {', '.join(get_args(choices))}")


def _check_least(field: str, value: int, least: int) -> None:
    if value < least:
        raise ConfigError(field, value, f"a whole number of at least {least}")


@dataclass(frozen=True, kw_only=True)
class RemovabilitySettings:
    """How ablation curves are drawn, and what the area under one is (Casper 2021, sections 2.1 and 3).

    Parameters
    ----------
    sites
        `each`: one curve for every site, its units alone removed, as the paper says. `all`: one curve, the same share
        of units removed from all sites at once, as the published code does.
    area
        `trapezoid`, or the `mean` of the curve's values, which the published code calls the area.
    unit
        `channel`: a channel is removed at all its positions, as the published code does. `position`: every channel at
        every position is a unit, as the paper's text has it. In fully connected layers they are the same.
    levels
        Points of a curve: shares from 0 to 1, evenly spaced.
    repetitions
        Curves per site, each with a random order of its own in which units go.
    seed
        Of these orders.

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
        _check_choice("sites", self.sites, Sites)
        _check_choice("area", self.area, Area)
        _check_choice("unit", self.unit, Unit)
        _check_least("levels", self.levels, 2)
        _check_least("repetitions", self.repetitions, 1)
        _check_least("seed", self.seed, 0)


@dataclass(frozen=True, kw_only=True)
class RepetitionSettings:
    """Which units repeat others, and on how many activation vectors that is judged (Casper 2021, sections 2.2 and 3).

    Parameters
    ----------
    threshold
        Units whose correlation is at least this, in absolute value, repeat each other.
    dead
        What becomes of units that never change, which have no correlation. `apart`: they are counted, and left out of
        the mean over units. `minus-one`: each repeats -1 others, as in the published code.
    cap
        Most activation vectors of a site, spread evenly over the batches; no batch gives more than its share. A vector
        is an image's units in a fully connected layer, the channels at one position of an image in a convolution.
    samplings
        Independent draws of the vectors.
    seed
        Of the draws.

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
        _check_choice("dead", self.dead, Dead)
        _check_least("cap", self.cap, 2)
        _check_least("samplings", self.samplings, 1)
        _check_least("seed", self.seed, 0)


CODE_REMOVABILITY = RemovabilitySettings(sites="all", area="mean")
CODE_REPETITION = RepetitionSettings(dead="minus-one")
