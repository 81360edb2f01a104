"""Sites: modules of a network with units along dimension 1 of their output, which hooks read and replace."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from torch import Tensor, nn

from common.errors import ConfigError, DataError

# Called with the name and output (input, unit, ...) of a site; returns its replacement, or None to keep the output.
See = Callable[[str, Tensor], Tensor | None]


def find_sites(network: nn.Module, names: Sequence[str]) -> dict[str, nn.Module]:
    """Return modules by their names in `network.named_modules()`, in the order given.

    Raises
    ------
    ConfigError
        If there is no name, one is unknown, or two name the same module.

    Examples
    --------
    >>> find_sites(nn.Sequential(nn.Linear(2, 3), nn.ReLU()), ["1"])
    {'1': ReLU()}
    """
    modules = {name: module for name, module in network.named_modules(remove_duplicate=False) if name}
    if not names:
        raise ConfigError("sites", list(names), "at least one module's name")
    for name in names:
        if name not in modules:
            nearest = get_close_matches(name, modules, cutoff=0)
            raise ConfigError("sites", name, f"the name of a module of the network, such as {', '.join(nearest)}")
    found = {name: modules[name] for name in names}
    if len(set(found.values())) < len(names):
        raise ConfigError("sites", list(names), "each module once, under one of its names")
    return found


def _units(site: str, output: Any) -> Tensor:
    if not isinstance(output, Tensor) or output.ndim < 2:
        found = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
        raise ConfigError("sites", site, f"a module whose output is a tensor (input, unit, ...), not {found}")
    return output


def watched_logits(network: nn.Module, sites: Mapping[str, nn.Module], inputs: Tensor, see: See) -> Tensor:
    """Return the logits of `inputs`, (input, class), and call `see` with the output of every site.

    The hooks are removed afterwards, also after an error.

    Raises
    ------
    ConfigError
        If the output of a site is not a tensor (input, unit, ...), or the site is not called exactly once.
    DataError
        If the network's output is not (input, class).
    """
    calls: Counter[str] = Counter()

    def hook(name: str) -> Callable[[nn.Module, Any, Any], Tensor | None]:
        def shown(_module: nn.Module, _inputs: Any, output: Any) -> Tensor | None:
            calls[name] += 1
            return see(name, _units(name, output))

        return shown

    handles = [module.register_forward_hook(hook(name)) for name, module in sites.items()]
    try:
        logits = network(inputs)
    finally:
        for handle in handles:
            handle.remove()
    for name in sites:
        if calls[name] != 1:
            raise ConfigError("sites", name, f"a module that computes once for an input; it does {calls[name]} times")
    if not isinstance(logits, Tensor) or logits.ndim != 2:
        raise DataError("the network's output is not a tensor of logits, (input, class): nothing can be measured on it")
    return logits
