"""Registry of weight schemes, and their combination. A new scheme is one file, and one line in `SCHEMES`.

At most one scheme determines the trained values (static, iterative, dct, pruned, bottleneck, hyperplane). Damping
scales the weight of the other scheme, and is laid after it.
"""

from collections.abc import Iterable, Sequence

from torch import nn

from common.errors import ConfigError
from models.counts import network_counts
from models.network import NetworkSettings
from models.weights.bottleneck import LinearBottleneck
from models.weights.damping import Damping
from models.weights.dct import DctSparsity
from models.weights.hyperplane import RandomHyperplane
from models.weights.iterative import IterativePruning
from models.weights.pruned import PrunedAtStart
from models.weights.scheme import VALUE_BYTES, KeepsWeights, Laying, Scheme
from models.weights.sparse import StaticSparsity

SCHEMES: tuple[type[Scheme], ...] = (
    StaticSparsity,
    IterativePruning,
    PrunedAtStart,
    DctSparsity,
    LinearBottleneck,
    RandomHyperplane,
    Damping,
)


def check_schemes(schemes: Sequence[Scheme]) -> None:
    """Check that the schemes can be combined, in this order.

    Raises
    ------
    ConfigError
        If two schemes determine the trained values, a scheme is repeated, or the order is wrong.
    """
    names = ", ".join(scheme.kind for scheme in schemes)
    choosing = [scheme for scheme in schemes if scheme.chooses]
    if len(choosing) > 1:
        raise ConfigError("weights", names, "at most one scheme, with or without damped")
    if len({type(scheme) for scheme in schemes}) < len(schemes):
        raise ConfigError("weights", names, "each scheme once")
    if choosing and schemes[0] is not choosing[0]:
        raise ConfigError("weights", names, f"{choosing[0].kind} first, as damping scales its weight")


def ordered(schemes: Iterable[Scheme]) -> tuple[Scheme, ...]:
    """Return schemes in the order in which they are laid."""
    return tuple(sorted(schemes, key=lambda scheme: not scheme.chooses))


def lay_schemes(network: nn.Module, schemes: Sequence[Scheme], laying: Laying) -> None:
    """Lay schemes over `network`, in place and in order."""
    for scheme in schemes:
        scheme.lay(network, laying)


def trained_parameters(schemes: Sequence[Scheme], settings: NetworkSettings) -> int:
    """Return the number of trained values of a network with these settings and schemes.

    For sparse kernels (`io_only`) it is the number requested, before rounding to whole kernels.
    """
    counts = network_counts(settings)
    choosing = [scheme for scheme in schemes if scheme.chooses]
    return choosing[0].trained(counts, settings) if choosing else counts.parameters


def state_bytes(schemes: Sequence[Scheme], settings: NetworkSettings) -> int:
    """Return an upper bound of the bytes of a network's final state: trained values, positions, masks and buffers."""
    counts = network_counts(settings)
    extra = sum(scheme.extra_bytes(counts, settings) for scheme in schemes)
    return VALUE_BYTES * trained_parameters(schemes, settings) + extra + counts.buffer_bytes


def find_scheme(schemes: Sequence[Scheme], *kinds: type[object]) -> Scheme | None:
    """Return the first scheme that is an instance of `kinds`, or None."""
    return next((scheme for scheme in schemes if isinstance(scheme, kinds)), None)


def kept_weights(schemes: Sequence[Scheme], settings: NetworkSettings) -> int | None:
    """Return the number of kept weights of convolutions and linear layers; None if no scheme removes any."""
    keeps = find_scheme(schemes, KeepsWeights)
    return sum(keeps.budget(settings)) if isinstance(keeps, KeepsWeights) else None
