"""From settings to complete runs: the data that is found, hardware resolved, proportions worked out."""

import math
from dataclasses import fields, replace
from typing import Protocol

from asc.accelerator import choose_accelerator, resolve_precision
from asc.run import Data, Run, SceneData
from asc.schedules import warmup_of
from asc.training_settings import TrainingSettings
from data_prep.features import FeatureSettings
from data_prep.splits import SplitSettings
from models.network import NetworkSettings
from models.weights.scheme import Scheme


class PreparedFacts(Protocol):
    """What a run takes from a prepared set."""

    @property
    def name(self) -> str:
        """Name."""

    @property
    def identity(self) -> str:
        """SHA-256 of what it holds."""

    @property
    def split_defaults(self) -> SplitSettings:
        """How it is split where a run does not say."""

    @property
    def features(self) -> FeatureSettings:
        """How its features were computed."""

    @property
    def scenes(self) -> tuple[str, ...]:
        """Its classes, in order."""


def scenes_of(prepared: PreparedFacts, data: Data | None = None, split: SplitSettings | None = None) -> SceneData:
    """Return the clips of a prepared set as the data of a run, split as given or as the set says."""
    return SceneData(
        name=prepared.name,
        identity=prepared.identity,
        labels="true" if data is None else data.labels,
        split=split or prepared.split_defaults,
        features=prepared.features,
    )


def resolved_schemes(schemes: tuple[Scheme, ...], training: TrainingSettings) -> tuple[Scheme, ...]:
    """Return schemes whose epochs are given, in proportion to those of the training."""
    return tuple(scheme.resolved(training.epochs, warmup_of(training)) for scheme in schemes)


def fitted(network: NetworkSettings, classes: int, shape: tuple[int, ...] = ()) -> NetworkSettings:
    """Return the network with as many outputs as there are classes.

    Parameters
    ----------
    shape
        Of an input. Where it is given, networks that have a choice get as many channels, or `inputs`, as it has.
    """
    known = {field.name for field in fields(network)}
    sizes = {"channels": shape[0], "inputs": math.prod(shape)} if shape else {}
    return replace(network, classes=classes, **{name: size for name, size in sizes.items() if name in known})


def completed(run: Run, precision: str, accelerator: str) -> Run:
    """Return a run with its precision resolved for this machine, and its schemes' epochs given.

    Parameters
    ----------
    precision
        `auto` or a precision.
    accelerator
        `auto`, `cpu` or `cuda`.
    """
    training = replace(run.training, precision=resolve_precision(precision, choose_accelerator(accelerator)))
    return replace(run, training=training, weights=resolved_schemes(run.weights, training))
