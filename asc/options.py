"""What a user says of one run, and the complete description that it becomes."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

import tyro

from asc.clips import Residency
from asc.description import (
    DataReference,
    Labels,
    Magnitude,
    Roll,
    RunDescription,
    Sparsity,
    SparsitySettings,
    TrainingSettings,
    WeightSettings,
    resolve_precision,
)
from asc.presets import PRESETS
from asc.schedule import warmup_of
from asc.training import choose_accelerator
from common.errors import ConfigError
from data_prep.features import FeatureSettings
from data_prep.splits import SplitSettings
from models.initialisation import Initialisation
from models.pruning.magnitude import MagnitudeSchedule
from models.resnet import NetworkSettings
from models.weights.sparse import MaskInit


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """Train a base or damped ResNet on a prepared set and test it on devices it heard and devices it never heard."""

    data: Path
    """Prepared set, or a folder holding one."""
    runs: Path
    """Folder of all runs; this one gets its own below it, named by what decides its weights."""
    preset: Literal["demo", "paper"] = "demo"
    """`paper`: the published hyper-parameters; `demo`: minutes on two cores."""
    width: int = 32
    """Channels of the first blocks, W."""
    depth: int = 1
    """Residual 3x3 blocks of 2W channels, D; each but the first widens the receptive field."""
    pointwise_depth: int = 1
    """Residual 1x1 blocks of 4W channels, K."""
    damping: float | None = None
    """Factor at the kernels' edge rows along frequency; without it the network is the base one."""
    init: Initialisation = "fixup"
    """How the weights start."""
    sparse: Sparsity | None = None
    """Keep only as many weights as the same network has at width `--base-width`: `static`, a random choice before
    training; `iterative`, the smallest are removed while it goes on."""
    base_width: int = 64
    """Width of the network whose number of weights a sparse one keeps."""
    mask_init: MaskInit = "none"
    """`rescaled`: a static choice starts larger, to make up for the weights that are missing."""
    io_only: bool = False
    """A static choice takes whole kernels."""
    prune_from: int | None = None
    """First epoch after which iterative pruning removes weights (default: the first at the full learning rate)."""
    prune_epochs: int | None = None
    """After how many epochs it does so (default: 4/7 of all, 200 of 350)."""
    magnitude: Magnitude = "effective"
    """Iterative pruning goes by the weights trained (`weight`) or by what a damped layer makes of them."""
    split: Literal["unseen-city", "official"] | None = None
    """Rule that parts training from test clips (default: the set's)."""
    test_cities: int | None = None
    """Cities that each scene is tested on, for `unseen-city` (default: the set's)."""
    train_devices: Annotated[tuple[str, ...] | None, tyro.conf.arg(metavar="DEVICE...|all")] = None
    """Devices trained on; all others are unseen (default: the set's)."""
    seed: int = 0
    """Decides initial weights, order, shifts and mixtures."""
    epochs: int | None = None
    """Passes over the training clips (default: the preset's)."""
    batch_size: int | None = None
    """Clips in a batch, over all devices together (default: the preset's)."""
    learning_rate: float | None = None
    """Maximum learning rate (default: the preset's)."""
    final_learning_rate: float | None = None
    """Learning rate of the last epoch (default: the preset's)."""
    warmup_epochs: int | None = None
    """Epochs in which the learning rate rises, at most a fifth of all (default: the preset's, 20)."""
    mixup_alpha: float | None = None
    """Shape of mixup's Beta distribution, 0 for none (default: the preset's)."""
    roll: Roll | None = None
    """What is rolled along time: waveforms (the set must hold them), spectrogram frames, or nothing."""
    roll_samples: int | None = None
    """How far waveforms are rolled to either side, at most (default: the preset's, 4000 samples)."""
    roll_frames: int | None = None
    """How far spectrogram frames are rolled to either side, at most (default: the preset's, 8)."""
    labels: Labels = "true"
    """`random`: learn the training clips' labels permuted among them, to see what a network can memorise."""
    precision: Literal["auto", "32-true", "bf16-mixed"] = "auto"
    """bfloat16 where the hardware multiplies it natively, else 32 bit."""
    accelerator: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to train."""
    devices: int = 1
    """GPUs (or, on the CPU, processes) that share each batch of this one run."""
    workers: int = 0
    """Processes that load batches."""
    residency: Residency = "auto"
    """Keep the clips on the training device, or read each batch from the memory map."""
    keep_checkpoint: bool = False
    """Keep the last checkpoint (weights and optimiser) of the finished run beside its final weights."""


class SetFacts(Protocol):
    """What of a prepared set decides a run."""

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


_TRAINING = (
    *("epochs", "batch_size", "learning_rate", "final_learning_rate", "warmup_epochs", "mixup_alpha"),
    *("roll", "roll_samples", "roll_frames", "labels"),
)


def describe(options: TrainOptions, prepared: SetFacts) -> RunDescription:
    """Turn options into a complete description: presets and the set's defaults filled in, hardware resolved."""
    changed: dict[str, Any] = {field: value for field in _TRAINING if (value := getattr(options, field)) is not None}
    precision = resolve_precision(options.precision, choose_accelerator(options.accelerator))
    training = replace(PRESETS[options.preset](), **changed, precision=precision, world_size=options.devices)
    split: dict[str, Any] = {"rule": options.split, "test_cities": options.test_cities}
    split = {key: value for key, value in split.items() if value is not None}
    if options.train_devices:
        split["train_devices"] = options.train_devices
    return RunDescription(
        data=DataReference(name=prepared.name, identity=prepared.identity),
        split=replace(prepared.split_defaults, **split),
        features=prepared.features,
        network=NetworkSettings(
            width=options.width,
            depth=options.depth,
            pointwise_depth=options.pointwise_depth,
            classes=len(prepared.scenes),
        ),
        weights=WeightSettings(damping=options.damping, init=options.init, sparsity=_sparsity(options, training)),
        training=training,
        preset=options.preset,
        seed=options.seed,
    )


def _sparsity(options: TrainOptions, training: TrainingSettings) -> SparsitySettings | None:
    """Resolve what is left open: pruning that is spread over a run keeps its proportions in a short one."""
    if options.sparse is None:
        return None
    chosen = SparsitySettings(method=options.sparse, base_width=options.base_width)
    if options.sparse == "static":
        return replace(chosen, mask_init=options.mask_init, io_only=options.io_only)
    first = warmup_of(training) if options.prune_from is None else options.prune_from
    epochs = max(1, round(training.epochs * 4 / 7)) if options.prune_epochs is None else options.prune_epochs
    if first + epochs >= training.epochs:
        raise ConfigError("prune_epochs", epochs, f"at most {training.epochs - 1 - first}, to end before training does")
    schedule = MagnitudeSchedule(first_epoch=first, epochs=epochs, time_constant=epochs / 4)
    return replace(chosen, schedule=schedule, magnitude=options.magnitude)
