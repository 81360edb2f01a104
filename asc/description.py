"""A run is a value: a frozen, complete description whose SHA-256 is its identity."""

import dataclasses
from dataclasses import dataclass, replace
from typing import Literal, get_args

import torch

from common.errors import ConfigError
from common.identity import digest, later
from data_prep.features import FeatureSettings
from data_prep.splits import SplitSettings
from models.initialisation import Initialisation
from models.pruning.allocation import AllocationName
from models.pruning.magnitude import MagnitudeSchedule
from models.resnet import NetworkSettings
from models.weights.sparse import MaskInit

Precision = Literal["32-true", "bf16-mixed"]
Roll = Literal["waveform", "frames", "none"]
Labels = Literal["true", "random"]
Sparsity = Literal["static", "iterative"]
Magnitude = Literal["weight", "effective"]


@dataclass(frozen=True, kw_only=True)
class DataReference:
    """Which prepared set: its name and the SHA-256 of its settings and lists."""

    name: str
    identity: str


@dataclass(frozen=True, kw_only=True)
class SparsitySettings:
    """A network that keeps only as many weights as the same network `base_width` wide (Koutini 2021, App. A.4).

    `static` keeps weights at random places, fixed before training: `allocation` shares them out among layers,
    `io_only` takes whole kernels, `mask_init = rescaled` makes up for the missing ones in the kept ones' size.
    `iterative` removes the smallest weights of all layers as `schedule` says, by the magnitude of the weights trained
    (`weight`) or of those that a damped layer computes with (`effective`).
    """

    method: Sparsity
    base_width: int
    allocation: AllocationName = "water_level"
    mask_init: MaskInit = "none"
    io_only: bool = False
    schedule: MagnitudeSchedule = dataclasses.field(default_factory=MagnitudeSchedule)
    magnitude: Magnitude = "effective"

    def __post_init__(self) -> None:
        """Check every value."""
        kinds = {"method": Sparsity, "allocation": AllocationName, "mask_init": MaskInit, "magnitude": Magnitude}
        for field, kind in kinds.items():
            if getattr(self, field) not in get_args(kind):
                raise ConfigError(field, getattr(self, field), f"one of {', '.join(get_args(kind))}")
        if self.base_width < 1:
            raise ConfigError("base_width", self.base_width, "a whole number of at least 1")


@dataclass(frozen=True, kw_only=True)
class WeightSettings:
    """What is laid over the weights: frequency damping with this factor at the kernels' edges, and sparsity.

    `init` says how they start.
    """

    damping: float | None = None
    init: Initialisation = "fixup"
    sparsity: SparsitySettings | None = later(None)


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """Koutini 2021, App. A.2 and A.3; the defaults are the paper's, and ours where it is silent.

    `roll_samples` and `roll_frames` bound the uniform random shift to either side; `mixup_alpha` 0 turns mixup off;
    `batch_size` is the whole batch's, however many processes (`world_size`) share it. `labels = random` permutes the
    training clips' labels among them once, by the run's seed (Sec. 4).
    """

    epochs: int = 250
    batch_size: int = 32
    learning_rate: float = 1e-4
    final_learning_rate: float = 1e-6
    warmup_epochs: int = 20
    mixup_alpha: float = 0.3
    roll: Roll = "waveform"
    roll_samples: int = 4000
    roll_frames: int = 8
    precision: Precision = "32-true"
    world_size: int = 1
    labels: Labels = later("true")

    def __post_init__(self) -> None:
        """Check every value and that the processes share the batch evenly."""
        for field in ("epochs", "batch_size", "world_size"):
            if getattr(self, field) < 1:
                raise ConfigError(field, getattr(self, field), "a whole number of at least 1")
        for field in ("warmup_epochs", "mixup_alpha", "roll_samples", "roll_frames", "final_learning_rate"):
            if not getattr(self, field) >= 0:
                raise ConfigError(field, getattr(self, field), "zero or more")
        if not self.learning_rate > 0:
            raise ConfigError("learning_rate", self.learning_rate, "a number above zero")
        for field, kind in (("roll", Roll), ("precision", Precision), ("labels", Labels)):
            if getattr(self, field) not in get_args(kind):
                raise ConfigError(field, getattr(self, field), f"one of {', '.join(get_args(kind))}")
        if self.batch_size % self.world_size:
            raise ConfigError("batch_size", self.batch_size, f"a multiple of the {self.world_size} processes")


@dataclass(frozen=True, kw_only=True)
class Repeatable:
    """What a description of any kind of run holds beside its settings: the preset they came from, and the seed."""

    preset: str
    seed: int = 0
    schema: int = 1

    def __post_init__(self) -> None:
        """Check the seed."""
        if self.seed < 0:
            raise ConfigError("seed", self.seed, "a whole number of at least 0")

    @property
    def identity(self) -> str:
        """SHA-256 over every field but the seed: the runs of one configuration share it."""
        return digest(replace(self, seed=0))


@dataclass(frozen=True, kw_only=True)
class RunDescription(Repeatable):
    """Everything that decides what the weights of a run on acoustic scenes will be."""

    data: DataReference
    split: SplitSettings
    features: FeatureSettings
    network: NetworkSettings
    weights: WeightSettings
    training: TrainingSettings

    @property
    def epochs(self) -> int:
        """Passes over the training clips."""
        return self.training.epochs

    @property
    def title(self) -> str:
        """Short name for people; it is not part of the identity."""
        size = f"w{self.network.width}-d{self.network.depth}-k{self.network.pointwise_depth}"
        labels = "" if self.training.labels == "true" else f"-{self.training.labels}-labels"
        sparsity = self.weights.sparsity
        sparse = "" if sparsity is None else f"-{sparsity.method}-of-w{sparsity.base_width}"
        return f"{self.preset}-{'base' if self.weights.damping is None else 'damped'}-{size}{sparse}{labels}"


def resolve_precision(wanted: str, accelerator: str) -> Precision:
    """Turn `auto` into bfloat16 where the hardware multiplies it natively, else 32 bit.

    On a CPU that is what PyTorch makes of it: where ATEN_CPU_CAPABILITY keeps it from AVX-512, bfloat16 is not native.

    Parameters
    ----------
    wanted
        `auto` or a precision, which is returned as it is.
    accelerator
        `cpu` or `cuda`.

    Raises
    ------
    ConfigError
        If `wanted` is neither.
    """
    if wanted in get_args(Precision):
        return wanted  # type: ignore[return-value]
    if wanted != "auto":
        raise ConfigError("precision", wanted, f"auto or one of {', '.join(get_args(Precision))}")
    if accelerator == "cuda":
        native = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        capabilities = torch.cpu.get_capabilities()
        wide = torch.backends.cpu.get_cpu_capability().startswith("AVX512")
        native = wide and bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
    return "bf16-mixed" if native else "32-true"
