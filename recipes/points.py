"""A point of a figure: a series and a run, of any seed, whose data and hardware are filled in where it is trained."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from asc.augmentations.augmentation import Augmentation
from asc.augmentations.rolling import RolledFrames, RolledWaveforms
from asc.describe import PreparedFacts, completed, fitted, scenes_of
from asc.presets import PRESETS
from asc.run import Labels, Run, SceneData
from asc.training_settings import TrainingSettings
from models.audio.resnet import AudioResNetSettings
from models.initialisation import Start
from models.weights.damping import Damping
from models.weights.scheme import Scheme
from models.weights.schemes import find_scheme, ordered

Preset = Literal["demo", "paper"]
Roll = Literal["waveform", "frames", "none"]
DAMPING = Damping()
BASE, DAMPED = "base", "damped"
_ROLLS: dict[Roll, tuple[Augmentation, ...]] = {
    "waveform": (RolledWaveforms(),),
    "frames": (RolledFrames(),),
    "none": (),
}


@dataclass(frozen=True, kw_only=True)
class Point:
    """One configuration of a figure: the series it is in, and its run.

    The run's data lacks its identity, which is that of the set found; its precision is resolved where it is trained.
    """

    series: str
    run: Run


def sizes_of(run: Run) -> dict[str, Any]:
    """Return width, depth, pointwise depth and damping of a run, as figures name them; None where it has none."""
    damping = find_scheme(run.weights, Damping)
    sizes = {name: getattr(run.network, name, None) for name in ("width", "depth", "pointwise_depth")}
    return sizes | {"damping": damping.edge if isinstance(damping, Damping) else None}


def scene_run(
    preset: Preset,
    *,
    weights: Sequence[Scheme] = (),
    labels: Labels = "true",
    epochs: int | None = None,
    augmented: bool = True,
    **sizes: Any,
) -> Run:
    """Return a run of the audio ResNet on a prepared set, trained as a preset says.

    Parameters
    ----------
    weights
        Schemes, in any order.
    epochs
        Of the run (default: the preset's).
    augmented
        Whether the preset's augmentations are kept.
    sizes
        Fields of `AudioResNetSettings`.
    """
    training = PRESETS[preset]()
    network = AudioResNetSettings(**sizes)
    return Run(
        data=SceneData(name="", identity="", labels=labels),
        network=network,
        start=Start(init=network.initial),
        weights=ordered(weights),
        training=lasting(training if augmented else replace(training, augmentations=()), epochs),
        preset=preset,
    )


def both_networks(preset: Preset, *, weights: Sequence[Scheme] = (), **settings: Any) -> list[Point]:
    """Return a size as the base and as the damped network, each in the series of its name."""
    return [
        Point(series=BASE, run=scene_run(preset, weights=weights, **settings)),
        Point(series=DAMPED, run=scene_run(preset, weights=[*weights, DAMPING], **settings)),
    ]


def lasting(training: TrainingSettings, epochs: int | None) -> TrainingSettings:
    """Return a training of so many epochs, if any are given; its milestones stay at the same shares of it."""
    if epochs is None:
        return training
    milestones = tuple(round(milestone * epochs / training.epochs) for milestone in training.milestones)
    return replace(training, epochs=epochs, milestones=milestones)


def rolled(training: TrainingSettings, roll: Roll | None) -> TrainingSettings:
    """Return a training in which rolled clips are rolled in another way, or not at all; None leaves it."""
    if roll is None or not any(isinstance(each, RolledWaveforms | RolledFrames) for each in training.augmentations):
        return training
    others = tuple(each for each in training.augmentations if not isinstance(each, RolledWaveforms | RolledFrames))
    return replace(training, augmentations=_ROLLS[roll] + others)


@dataclass(frozen=True, kw_only=True)
class SceneChanges:
    """What the options of a recipe change in the runs of its points."""

    epochs: int | None = None
    roll: Roll | None = None
    devices: int = 1
    precision: str = "auto"
    accelerator: str = "auto"


def describe_point(point: Point, prepared: PreparedFacts, seeds: int, changes: SceneChanges | None = None) -> list[Run]:
    """Return the runs of a point on a prepared set, one for each seed."""
    wanted, run = changes or SceneChanges(), point.run
    training = rolled(lasting(run.training, wanted.epochs), wanted.roll)
    described = replace(
        run,
        data=scenes_of(prepared, run.data),
        network=fitted(run.network, len(prepared.scenes)),
        training=replace(training, world_size=wanted.devices),
    )
    described = completed(described, wanted.precision, wanted.accelerator)
    return [replace(described, seed=seed) for seed in range(seeds)]
