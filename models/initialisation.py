"""Weight initialisation by name.

| name | weights |
|---|---|
| `torch` | default of the network's class |
| `fixup` | residual scaling, see `initialise_fixup` of the network |
| `kaiming` | Kaiming normal (fan-in) in all layers |
| `glorot-`, `he-`, `lecun-`, each `normal` or `uniform` | `models.vision.named_initialisers` |
| `truncated-normal` | normal with standard deviation `sigma`, truncated at two standard deviations |
| `fan-in-normal`, `fan-in-uniform`, `student` | for perceptrons only: Golubeva 2021, Casper 2021 |
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import get_args

from torch import nn

from common.errors import ConfigError
from models.vision.initialisation import initialise_by_fan_in, initialise_kaiming
from models.vision.mlp import Deviations, Mlp, initialise_mlp
from models.vision.named_initialisers import NamedInitialiser, initialise_named, initialise_truncated


@dataclass(frozen=True, kw_only=True)
class Start:
    """Weight initialisation of a run.

    Parameters
    ----------
    init
        Name of the initialisation.
    sigma
        Standard deviation of `truncated-normal`, and of the classifier's weights in `student`.
    deviations
        Standard deviations in `student`, see `models.vision.mlp.initialise_mlp`.

    Raises
    ------
    ConfigError
        If the initialisation is unknown.
    """

    init: str = "torch"
    sigma: float = 0.01
    deviations: Deviations = "equal"

    def __post_init__(self) -> None:
        """Check the name."""
        if self.init not in INITIALISATIONS:
            raise ConfigError("init", self.init, f"one of {', '.join(INITIALISATIONS)}")


def _perceptron(network: nn.Module, start: Start) -> Mlp:
    if not isinstance(network, Mlp):
        raise ConfigError("init", start.init, "for a perceptron only")
    return network


def _torch(_network: nn.Module, _start: Start, _seed: int) -> None:
    pass


def _fixup(network: nn.Module, start: Start, seed: int) -> None:
    own: Callable[[int], None] | None = getattr(network, "initialise_fixup", None)
    if own is None:
        raise ConfigError(
            "init", start.init, f"for networks with a residual scaling; {type(network).__name__} has none"
        )
    own(seed)


def _kaiming(network: nn.Module, _start: Start, seed: int) -> None:
    initialise_kaiming(network, seed)


def _named(network: nn.Module, start: Start, seed: int, name: NamedInitialiser) -> None:
    initialise_named(network, name, seed)


def _truncated(network: nn.Module, start: Start, seed: int) -> None:
    initialise_truncated(network, start.sigma, seed)


def _fan_in(network: nn.Module, start: Start, seed: int) -> None:
    parametrisation = _perceptron(network, start).settings.parametrisation
    law = "normal" if start.init == "fan-in-normal" else "uniform"
    initialise_by_fan_in(network, law, seed, parametrisation=parametrisation)  # type: ignore[arg-type]


def _student(network: nn.Module, start: Start, seed: int) -> None:
    initialise_mlp(_perceptron(network, start), start.sigma, seed, start.deviations)


INITIALISATIONS: Mapping[str, Callable[[nn.Module, Start, int], None]] = {
    "torch": _torch,
    "fixup": _fixup,
    "kaiming": _kaiming,
    **{name: partial(_named, name=name) for name in get_args(NamedInitialiser)},
    "truncated-normal": _truncated,
    "fan-in-normal": _fan_in,
    "fan-in-uniform": _fan_in,
    "student": _student,
}


def initialise(network: nn.Module, start: Start | str, seed: int) -> None:
    """Initialise `network` in place, before any scheme is laid over it.

    Parameters
    ----------
    network
        On the CPU, as `models.registry.build` returns it.
    start
        The initialisation, or only its name.
    seed
        The same seed gives the same weights, independent of earlier draws.

    Raises
    ------
    ConfigError
        If the initialisation is unknown or not available for this network.
    """
    chosen = Start(init=start) if isinstance(start, str) else start
    INITIALISATIONS[chosen.init](network, chosen, seed)
