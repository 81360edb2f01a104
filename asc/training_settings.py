"""How a network is trained: epochs, optimizer, learning-rate schedule, augmentations, precision."""

from dataclasses import dataclass
from typing import Literal

from asc.augmentations.augmentation import Augmentation, check_augmentations
from asc.augmentations.mixup import Mixup
from asc.augmentations.rolling import RolledWaveforms
from common.errors import ConfigError, check_at_least, check_choice

Precision = Literal["32-true", "bf16-mixed"]
Optimizer = Literal["adam", "sgd", "nesterov", "rmsprop"]
Schedule = Literal["warmup-linear", "constant", "steps", "exponential", "cosine"]
Keep = Literal["last", "best-validation", "best-train"]


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """How a network is trained; the defaults are those of Koutini 2021, App. A.2 and A.3, ours where it is silent."""

    epochs: int = 250
    """Passes over the training examples, at most."""
    batch_size: int = 32
    """Examples in a batch, over all processes together."""
    optimizer: Optimizer = "adam"
    """Optimizer of torch."""
    learning_rate: float = 1e-4
    """Learning rate, the highest of its schedule."""
    schedule: Schedule = "warmup-linear"
    """Learning rate by epoch: `warmup-linear`, exponential warm-up, then linear to the final rate; `constant`; `steps`,
    times `factor` at each milestone; `exponential`, times `factor` after every epoch; `cosine`, to zero."""
    final_learning_rate: float = 1e-6
    """Learning rate of the last epoch, for `warmup-linear`."""
    warmup_epochs: int = 20
    """Epochs of warm-up for `warmup-linear`, at most a fifth of all."""
    milestones: tuple[int, ...] = ()
    """Epochs at which the rate falls, for `steps`."""
    factor: float = 0.1
    """Factor of `steps` and of `exponential`."""
    momentum: float = 0.0
    """Momentum of `sgd`, `nesterov` and `rmsprop`."""
    weight_decay: float = 0.0
    """Added to the gradient, times the weight (L2)."""
    decayed: tuple[str, ...] = ()
    """Parameters with weight decay: those whose names begin with one of these (default: all)."""
    slowed: tuple[str, ...] = ()
    """Parameters trained at a tenth of the rate: those whose names end in one of these, as Fixup's biases do."""
    smoothing: float = 0.99
    """Decay of the mean square of `rmsprop`."""
    epsilon: float = 1e-8
    """Added to the root of the mean square of `rmsprop`."""
    patience: int | None = None
    """Stop after so many epochs without a better `keep` score, or once none can be better (default: never)."""
    keep: Keep = "last"
    """Epoch whose weights are the run's: the last, or the first with the best accuracy."""
    augmentations: tuple[Augmentation, ...] = (RolledWaveforms(), Mixup())
    """Batch augmentations, in the order in which they are drawn and applied."""
    precision: Precision = "32-true"
    """Precision of the forward and backward pass."""
    world_size: int = 1
    """Processes that share each batch."""

    def __post_init__(self) -> None:
        """Check every value and that the processes share the batch evenly."""
        kinds = {"optimizer": Optimizer, "schedule": Schedule, "keep": Keep, "precision": Precision}
        for field, kind in kinds.items():
            check_choice(field, getattr(self, field), kind)
        check_at_least(self, 1, "epochs", "batch_size", "world_size")
        check_at_least(self, 0, "warmup_epochs", "final_learning_rate", "weight_decay", "momentum")
        if not self.learning_rate > 0:
            raise ConfigError("learning_rate", self.learning_rate, "a number above zero")
        if self.batch_size % self.world_size:
            raise ConfigError("batch_size", self.batch_size, f"a multiple of the {self.world_size} processes")
        if self.patience is not None and self.keep == "last":
            raise ConfigError("patience", self.patience, "None where the last epoch's weights are kept")
        check_augmentations(self.augmentations)
