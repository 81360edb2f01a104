"""The network of a run: built, initialised by the seed, schemes of weights laid over it."""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from asc.run import Run
from models.initialisation import initialise
from models.pruning.scores import Batch
from models.registry import build
from models.weights.scheme import Laying
from models.weights.schemes import lay_schemes


def initial_network(run: Run) -> nn.Module:
    """Return the network of `run` as it is initialised, without any scheme."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(run.seed)
        network = build(run.network)
    initialise(network, run.start, run.seed)
    return network


def build_network(run: Run, batches: Iterable[Batch] = (), stored: Mapping[str, Tensor] | None = None) -> nn.Module:
    """Return the network that `run` starts from, or one that a stored state can be loaded into.

    Parameters
    ----------
    batches
        Training batches that a pruning method scores weights with.
    stored
        State of this run's network. Which weights are kept is then read from it, and nothing is scored.

    Raises
    ------
    ConfigError
        If a setting does not fit the network.
    DataError, PruningError
        As `models.pruning.prune.prune`.
    """
    network = initial_network(run)
    lay_schemes(network, run.weights, Laying(settings=run.network, seed=run.seed, batches=batches, stored=stored))
    return network
