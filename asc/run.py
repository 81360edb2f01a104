"""A run is a value: a frozen, complete description whose SHA-256 names its folder."""

from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal

from asc.training_settings import TrainingSettings
from common.errors import ConfigError, check_choice
from common.identity import Variant, digest, from_plain, plain
from data_prep.features import FeatureSettings
from data_prep.images.augmentation import AugmentationSettings
from data_prep.images.normalisation import NormalisationName
from data_prep.images.splits import ImageSplitSettings
from data_prep.images.teacher import TeacherSettings
from data_prep.splits import SplitSettings
from models.initialisation import Start
from models.network import NetworkSettings
from models.weights.damping import Damping
from models.weights.scheme import Scheme
from models.weights.schemes import check_schemes, find_scheme

Labels = Literal["true", "random"]


@dataclass(frozen=True, kw_only=True)
class Data(Variant):
    """Data set and split of a run, and the preprocessing of network inputs.

    Parameters
    ----------
    name, identity
        Name of the data set, and SHA-256 of its content.
    labels
        `random`: the training examples' labels are permuted among them, once, by the run's seed.
    """

    name: str
    identity: str
    labels: Labels = "true"

    def __post_init__(self) -> None:
        """Check the labels."""
        check_choice("labels", self.labels, Labels)


@dataclass(frozen=True, kw_only=True)
class SceneData(Data, kind="scenes"):
    """Clips of acoustic scenes in a prepared set."""

    split: SplitSettings = field(default_factory=SplitSettings)
    features: FeatureSettings = field(default_factory=FeatureSettings)


@dataclass(frozen=True, kw_only=True)
class ImageData(Data, kind="images"):
    """Images, or vectors labelled by a random network.

    Parameters
    ----------
    teacher
        Settings of the set `teacher`, which determine its examples and its identity.
    """

    teacher: TeacherSettings | None = None
    split: ImageSplitSettings = field(default_factory=ImageSplitSettings)
    normalisation: NormalisationName = "channel"
    augmentation: AugmentationSettings = field(default_factory=AugmentationSettings)

    def __post_init__(self) -> None:
        """Check every value."""
        super().__post_init__()
        check_choice("normalisation", self.normalisation, NormalisationName)


@dataclass(frozen=True, kw_only=True)
class Run:
    """Everything that decides the weights of one training run.

    Parameters
    ----------
    data, network, start, weights, training
        The examples, the network, its initial weights, the schemes laid over them, and how it is trained.
    preset
        Name of the preset that the settings come from, for people.
    seed
        Seed of all random draws. Runs that differ only in their seed are one configuration, with the same `identity`.

    Examples
    --------
    >>> from models.registry import network_settings
    >>> data = SceneData(name="demo", identity="0" * 64)
    >>> run = Run(data=data, network=network_settings("audio-resnet"), training=TrainingSettings())
    >>> run.title
    'demo-base-w32-d1-k1'
    >>> replace(run, seed=1).identity == run.identity
    True
    """

    data: Data
    network: NetworkSettings
    start: Start = field(default_factory=Start)
    weights: tuple[Scheme, ...] = ()
    training: TrainingSettings
    preset: str = "demo"
    seed: int = 0
    schema: int = 2

    def __post_init__(self) -> None:
        """Check the seed, and that the schemes go together."""
        if self.seed < 0:
            raise ConfigError("seed", self.seed, "a whole number of at least 0")
        check_schemes(self.weights)

    @property
    def identity(self) -> str:
        """SHA-256 of all fields except the seed, common to the runs of a configuration."""
        return _identity(replace(self, seed=0))

    @property
    def epochs(self) -> int:
        """Maximum number of epochs."""
        return self.training.epochs

    @property
    def damped(self) -> bool:
        """Whether the network is frequency-damped."""
        return find_scheme(self.weights, Damping) is not None

    @property
    def title(self) -> str:
        """Readable short name; it is not part of the identity."""
        what = [self.data.name] if isinstance(self.data, ImageData) else ["damped" if self.damped else "base"]
        schemes = [scheme.label for scheme in self.weights if isinstance(self.data, ImageData) or scheme.chooses]
        labels = [] if self.data.labels == "true" else [f"{self.data.labels}-labels"]
        return "-".join([self.preset, *what, self.network.label, *schemes, *labels])


@lru_cache(maxsize=4096)
def _identity(run: Run) -> str:
    """Return the SHA-256 of a run as its description reads back, where a rate of 1 is the float 1.0."""
    return digest(from_plain(Run, plain(run)))


@dataclass(frozen=True)
class Stack:
    """Small runs trained together, of one seed and on the same batches; one job for the executor."""

    runs: tuple[Run, ...]

    @property
    def identity(self) -> str:
        """SHA-256 over all of them."""
        return digest([run.identity for run in self.runs])

    @property
    def title(self) -> str:
        """Short name for people."""
        return f"stack-of-{len(self.runs)}"

    @property
    def seed(self) -> int:
        """The seed of every one of them."""
        return self.runs[0].seed

    @property
    def epochs(self) -> int:
        """Passes over the training examples."""
        return self.runs[0].epochs
