"""The command line of one run: its settings dataclasses, whose fields are the options."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, make_dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import tyro

from asc.augmentations.registry import AUGMENTATIONS
from asc.describe import completed, fitted, scenes_of
from asc.entries import as_settings, entries_in, entry_fields, flat, named_on_command_line, names_of, without_options
from asc.images.task import load, shape_of
from asc.presets import IMAGE_PRESETS, PRESETS
from asc.run import Data, ImageData, Labels, Run
from asc.scenes.clips import Residency
from asc.training_settings import TrainingSettings
from data_prep.images.augmentation import AugmentationSettings
from data_prep.images.normalisation import NormalisationName
from data_prep.images.sets import ImageSetName
from data_prep.images.splits import ImageSplitSettings
from data_prep.storage import PreparedSet
from models.initialisation import INITIALISATIONS, Start
from models.network import NetworkSettings
from models.registry import NETWORKS, network_settings
from models.weights.schemes import SCHEMES, ordered

DEFAULT_NETWORK = "audio-resnet"


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """Train one network on a prepared set, and test it on devices it was trained on and on unseen devices.

    Entries of a registry are chosen by name (--network, --weights, --augmentations); their own options are listed below
    once they are chosen. With --images the run is on a set of images instead.
    """

    data: Path
    """Prepared set, or a folder holding one; with --images, the folder of image sets."""
    runs: Path
    """Folder of all runs; this one gets its own below it, named by what decides its weights."""
    preset: Literal["demo", "paper"] = "demo"
    """`paper`: the published hyper-parameters; `demo`: minutes on two cores."""
    seed: int = 0
    """Decides initial weights, order of the examples and augmentations."""
    images: ImageSetName | None = None
    """Train on this set of images."""
    init: Literal[tuple(INITIALISATIONS)] | None = None  # type: ignore[valid-type]
    """Initial weights (default: the network's)."""
    sigma: float = 0.01
    """Deviation of the initialisations `truncated-normal` and `student`."""
    labels: Labels = "true"
    """`random`: permute the training examples' labels among them, to measure what a network can memorise."""
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
    """Keep the last checkpoint (weights and optimizer) of the finished run beside its final weights."""


@dataclass(frozen=True, kw_only=True)
class SceneRunOptions(TrainOptions):
    """Options of runs on a prepared set."""

    split: Literal["unseen-city", "official"] | None = None
    """Rule that parts training from test clips (default: the set's)."""
    test_cities: int | None = None
    """Cities that each scene is tested on, for `unseen-city` (default: the set's)."""
    train_devices: Annotated[tuple[str, ...] | None, tyro.conf.arg(metavar="DEVICE...|all")] = None
    """Devices trained on; all others are unseen (default: the set's)."""


@dataclass(frozen=True, kw_only=True)
class ImageRunOptions(TrainOptions):
    """Options of runs on a set of images."""

    examples: ImageSplitSettings = field(default_factory=ImageSplitSettings)
    """Which examples are trained on and held out."""
    normalisation: NormalisationName = "channel"
    """How images are normalised."""
    image: AugmentationSettings = field(default_factory=AugmentationSettings)
    """Random crops, flips and the like of each image."""
    download: bool = False
    """Fetch the set if it is not there, where that is possible."""


def options_type(arguments: Sequence[str]) -> type[TrainOptions]:
    """Return the options of a command line: those of every run, and of the entries that it chooses."""
    given = list(arguments)
    on_images = bool(named_on_command_line(given, "--images", ()))
    preset = (named_on_command_line(given, "--preset", ("demo",)) or ["demo"])[0]
    training = (IMAGE_PRESETS if on_images else PRESETS).get(preset, PRESETS["demo"])()
    usual = {each.kind: each for each in training.augmentations}
    network = (named_on_command_line(given, "--network", (DEFAULT_NETWORK,)) or [""])[0]
    schemes = named_on_command_line(given, "--weights", ())
    augmentations = named_on_command_line(given, "--augmentations", tuple(usual))
    settings = next((each for each in NETWORKS if each.kind == network), NetworkSettings)
    made: list[tuple[Any, ...]] = [
        ("network", names_of(NETWORKS, "Network"), DEFAULT_NETWORK),
        ("weights", names_of(SCHEMES, "Schemes laid over the weights", several=True), ()),
        ("augmentations", names_of(AUGMENTATIONS, "Batch augmentations", several=True), tuple(usual)),
        ("size", flat(without_options(settings, "classes", "channels", "inputs"))),
        ("training", flat(_training_options(training))),
        *entry_fields(SCHEMES, schemes),
        *entry_fields(AUGMENTATIONS, augmentations, usual),
    ]
    base = ImageRunOptions if on_images else SceneRunOptions
    about = {"__doc__": TrainOptions.__doc__}
    return make_dataclass("Options", made, bases=(base,), frozen=True, kw_only=True, namespace=about)


def _training_options(preset: TrainingSettings) -> type[Any]:
    """Return the options of a training: those that have options of their own are left out."""
    defaults = {each.name: getattr(preset, each.name) for each in fields(preset)}
    return without_options(TrainingSettings, "augmentations", "precision", "world_size", **defaults)


def describe(options: Any, source: PreparedSet | Path) -> Run:
    """Return the complete run that options ask for: presets and the set's defaults filled in, hardware resolved.

    Parameters
    ----------
    options
        Of `options_type`.
    source
        The prepared set; of runs on images, the folder of image sets.
    """
    training = replace(
        as_settings(TrainingSettings, options.training),
        augmentations=tuple(entries_in(options, options.augmentations)),
        world_size=options.devices,
    )
    sizes = {each.name: getattr(options.size, each.name) for each in fields(options.size)}
    size = network_settings(options.network, **sizes)
    data: Data
    if isinstance(options, ImageRunOptions):
        data, network = _image_data(options, cast(Path, source), size)
    else:
        prepared = cast(PreparedSet, source)
        data = replace(scenes_of(prepared, split=_split(options, prepared)), labels=options.labels)
        network = fitted(size, len(prepared.scenes), (1, *prepared.shape))
    run = Run(
        data=data,
        network=network,
        start=Start(init=options.init or network.initial, sigma=options.sigma),
        weights=ordered(entries_in(options, options.weights)),
        training=training,
        preset=options.preset,
        seed=options.seed,
    )
    return completed(run, options.precision, options.accelerator)


def _split(options: SceneRunOptions, prepared: PreparedSet) -> Any:
    given: dict[str, Any] = {
        "rule": options.split,
        "test_cities": options.test_cities,
        "train_devices": options.train_devices or None,
    }
    return replace(prepared.split_defaults, **{name: value for name, value in given.items() if value is not None})


def _image_data(options: ImageRunOptions, folder: Path, network: NetworkSettings) -> tuple[ImageData, NetworkSettings]:
    found = load(cast(ImageSetName, options.images), folder, download=options.download)
    data = ImageData(
        name=found.name,
        identity=found.identity,
        labels=options.labels,
        split=options.examples,
        normalisation=options.normalisation,
        augmentation=options.image,
    )
    return data, fitted(network, len(found.classes), shape_of(data, found))


def parsed_type(arguments: list[str] | None) -> type[TrainOptions]:
    """Return the options of these arguments, or of the process's."""
    return options_type(sys.argv[1:] if arguments is None else arguments)
