"""`python -m asc.train`: train one run, continue it, or find it done."""

import json
import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

import tyro

from asc.clips import Residency
from asc.description import DataReference, Labels, Roll, RunDescription, WeightSettings, resolve_precision
from asc.presets import PRESETS
from asc.training import Machine, choose_accelerator, train
from common.command import run_command
from data_prep.features import FeatureSettings
from data_prep.splits import SplitSettings
from data_prep.storage import PreparedSet
from models.initialisation import Initialisation
from models.resnet import NetworkSettings


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
    mixup_alpha: float | None = None
    """Shape of mixup's Beta distribution, 0 for none (default: the preset's)."""
    roll: Roll | None = None
    """What is rolled along time: waveforms (the set must hold them), spectrogram frames, or nothing."""
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


def describe(options: TrainOptions, prepared: SetFacts) -> RunDescription:
    """Turn options into a complete description: presets and the set's defaults filled in, hardware resolved."""
    changed: dict[str, Any] = {
        field: value
        for field in ("epochs", "batch_size", "learning_rate", "mixup_alpha", "roll", "labels")
        if (value := getattr(options, field)) is not None
    }
    precision = resolve_precision(options.precision, choose_accelerator(options.accelerator))
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
        weights=WeightSettings(damping=options.damping, init=options.init),
        training=replace(PRESETS[options.preset](), **changed, precision=precision, world_size=options.devices),
        preset=options.preset,
        seed=options.seed,
    )


def _command(options: TrainOptions) -> None:
    prepared = PreparedSet.open(options.data)
    machine = Machine(
        accelerator=choose_accelerator(options.accelerator),
        workers=options.workers,
        residency=options.residency,
        keep_checkpoint=options.keep_checkpoint,
    )
    folder = train(describe(options, prepared), prepared, options.runs, machine)
    if int(os.environ.get("LOCAL_RANK", "0")) == 0:
        result = json.loads(folder.result_file.read_text(encoding="utf-8"))
        for part in ("seen", "unseen"):
            score = result[f"{part}_accuracy"]
            value = "no such clips" if score is None else f"{score:.1%}"
            print(f"{part} accuracy, mean of the last {result['score_epochs']} epochs: {value}")
        print(folder.path)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(TrainOptions, _command, arguments)


if __name__ == "__main__":
    sys.exit(main())
