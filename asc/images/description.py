"""A run on images is a value too: which images, which network, what is done to its weights, how it is trained."""

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from asc.description import Labels, Precision, Repeatable
from common.errors import ConfigError
from common.identity import digest, later, plain
from data_prep.images.augmentation import AugmentationSettings
from data_prep.images.normalisation import NormalisationName
from data_prep.images.splits import ImageSplitSettings
from data_prep.teacher import TeacherSettings
from models.pruning.allocation import AllocationName
from models.pruning.prune import Method
from models.pruning.scores import Loss
from models.vision.architectures import Architecture, network_settings
from models.vision.mlp import Deviations
from models.vision.named_initialisers import NamedInitialiser
from models.weights.sparse import MaskInit

Start = Literal["torch", "kaiming", "fan-in-normal", "fan-in-uniform", "student", "truncated-normal"] | NamedInitialiser
Scheme = Literal["dense", "sparse", "dct", "bottleneck", "hyperplane-dense", "hyperplane-sparse", "hyperplane-fastfood"]
Scale = Literal["one", "fixup", "fixup-published"]
Optimiser = Literal["sgd", "nesterov", "adam", "rmsprop"]
Schedule = Literal["constant", "steps", "exponential", "cosine"]
Keep = Literal["last", "best-validation", "best-train"]
Size = int | float | str | bool | None


def check_choice(field: str, value: object, *kinds: Any) -> None:
    """Raise ConfigError unless `value` is one of the literals of `kinds`."""
    allowed = [choice for kind in kinds for choice in get_args(kind)]
    if value not in allowed:
        raise ConfigError(field, value, f"one of {', '.join(map(str, allowed))}")


@dataclass(frozen=True, kw_only=True)
class ImageData:
    """Which examples, and how they come before the network.

    Parameters
    ----------
    name, identity
        The data set, see `data_prep.images.sets.load_images`; or `teacher`, made, and identified, as `teacher` says.
    labels
        `random`: the training examples' labels are permuted among them, by the run's seed.
    """

    name: str
    identity: str
    teacher: TeacherSettings | None = None
    split: ImageSplitSettings = field(default_factory=ImageSplitSettings)
    normalisation: NormalisationName = "channel"
    augmentation: AugmentationSettings = field(default_factory=AugmentationSettings)
    labels: Labels = "true"

    def __post_init__(self) -> None:
        """Check every value."""
        check_choice("labels", self.labels, Labels)
        check_choice("normalisation", self.normalisation, NormalisationName)


@dataclass(frozen=True, kw_only=True)
class ImageNetwork:
    """An architecture by name, and all settings that make its size, as pairs; `of` completes them."""

    architecture: Architecture
    size: tuple[tuple[str, Size], ...]

    def __post_init__(self) -> None:
        """Check that there is such a network."""
        network_settings(self.architecture, **dict(self.size))

    @classmethod
    def of(cls, architecture: Architecture, **given: Any) -> "ImageNetwork":
        """Return the network with what is not given at its default."""
        settings = plain(network_settings(architecture, **given))
        return cls(architecture=architecture, size=tuple(settings.items()))

    @property
    def width(self) -> int:
        """Channels, or units, of its first layer."""
        return int(dict(self.size)["width"] or 0)


@dataclass(frozen=True, kw_only=True)
class ImageWeights:
    """How weights start, and the scheme that is laid over them.

    Parameters
    ----------
    start
        `torch`: as the network's class draws them; `student` and `truncated-normal`: see `sigma`; the others are
        initialisers by name.
    sigma, deviations
        Of the perceptrons of Casper 2021, see `models.vision.mlp.initialise_mlp`; `sigma` also of `truncated-normal`,
        see `models.vision.named_initialisers.initialise_truncated`.
    scheme
        What the weights are made of, see docs/weights.md.
    kept
        Weights that `sparse` and `dct` keep: one number in all, or one for every layer, in order.
    allocation
        How one number is shared out among layers, in which places are chosen at random.
    pruning
        Or the method that chooses among all weights of the network by a score.
    iterations, examples
        Of that method: in how many steps (default: the method's), and how many training examples score at each.
    scoring_loss
        Of that method, where it has one, see `models.pruning.scores.ScoreSettings`.
    scale
        Of `dct`: what the transforms are multiplied by at first: one, or as `models.weights.dct.fixup_alphas` has it.
    mask_init, io_only
        See `models.weights.sparse.lay_sparse` and `models.pruning.masks.random_masks`.
    base_width
        Of `bottleneck`: the width of the network that was widened at its number of weights.
    dimension
        Of `hyperplane`: how many numbers are trained.
    """

    start: Start = "torch"
    sigma: float = 0.01
    deviations: Deviations = "equal"
    scheme: Scheme = "dense"
    kept: tuple[int, ...] = ()
    allocation: AllocationName = "water_level"
    pruning: Method | None = None
    iterations: int | None = None
    examples: int = 1000
    mask_init: MaskInit = "none"
    io_only: bool = False
    base_width: int | None = None
    dimension: int | None = None
    scoring_loss: Loss = later("cross_entropy")
    scale: Scale = later("one")

    def __post_init__(self) -> None:
        """Check every value and that a scheme has what it needs."""
        check_choice("start", self.start, *get_args(Start))
        kinds = {"scheme": Scheme, "allocation": AllocationName, "mask_init": MaskInit}
        for name, kind in (kinds | {"scoring_loss": Loss, "scale": Scale}).items():
            check_choice(name, getattr(self, name), kind)
        if self.pruning is not None:
            check_choice("pruning", self.pruning, Method)
        if bool(self.kept) != (self.scheme in ("sparse", "dct")):
            raise ConfigError("kept", self.kept, "numbers of weights where the scheme is sparse or dct, else nothing")
        if (self.base_width is None) == (self.scheme == "bottleneck"):
            raise ConfigError("base_width", self.base_width, "a width where the scheme is bottleneck, else None")
        if (self.dimension is None) == self.scheme.startswith("hyperplane"):
            raise ConfigError("dimension", self.dimension, "a number where the scheme is a hyperplane, else None")


@dataclass(frozen=True, kw_only=True)
class Learning:
    """How a network learns.

    Parameters
    ----------
    schedule
        Of the learning rate: `constant`; `steps`, times `factor` at each of `milestones`; `exponential`, times `factor`
        after every epoch; `cosine`, to zero.
    weight_decay
        Added to the gradient, times the weight (L2), for all parameters, or those whose names begin as one of
        `decayed` says.
    slowed
        Parameters whose names end in one of these learn at a tenth of the rate, as Fixup's biases and scales do.
    smoothing, epsilon
        Of `rmsprop`: its decay, and what is added to the root of its mean square.
    patience
        Training stops after so many epochs without a better `keep` score, or once none can be better; None for never.
    keep
        Which epoch's weights are the run's.
    """

    epochs: int = 200
    batch_size: int = 128
    optimiser: Optimiser = "sgd"
    learning_rate: float = 0.1
    momentum: float = 0.0
    weight_decay: float = 0.0
    decayed: tuple[str, ...] = ()
    schedule: Schedule = "constant"
    milestones: tuple[int, ...] = ()
    factor: float = 0.1
    patience: int | None = None
    keep: Keep = "last"
    precision: Precision = "32-true"
    slowed: tuple[str, ...] = later(())
    smoothing: float = later(0.99)
    epsilon: float = later(1e-8)

    def __post_init__(self) -> None:
        """Check every value."""
        for name, kind in {"optimiser": Optimiser, "schedule": Schedule, "keep": Keep, "precision": Precision}.items():
            check_choice(name, getattr(self, name), kind)
        for name in ("epochs", "batch_size"):
            if getattr(self, name) < 1:
                raise ConfigError(name, getattr(self, name), "a whole number of at least 1")
        if not self.learning_rate > 0:
            raise ConfigError("learning_rate", self.learning_rate, "a number above zero")
        if self.patience is not None and self.keep == "last":
            raise ConfigError("patience", self.patience, "None where the last epoch's weights are kept")


@dataclass(frozen=True, kw_only=True)
class ImageRun(Repeatable):
    """Everything that decides what the weights of a run on images will be."""

    data: ImageData
    network: ImageNetwork
    weights: ImageWeights
    training: Learning

    @property
    def epochs(self) -> int:
        """Passes over the training examples, at most."""
        return self.training.epochs

    @property
    def title(self) -> str:
        """Short name for people; it is not part of the identity."""
        labels = "" if self.data.labels == "true" else f"-{self.data.labels}-labels"
        scheme = "" if self.weights.scheme == "dense" else f"-{self.weights.scheme}"
        how = f"-{self.weights.pruning}" if self.weights.pruning else ""
        return f"{self.preset}-{self.data.name}-{self.network.architecture}-w{self.network.width}{scheme}{how}{labels}"


@dataclass(frozen=True)
class Stack:
    """Small runs trained together, of one seed and on the same batches; a job of its own for the executor."""

    runs: tuple[ImageRun, ...]

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
