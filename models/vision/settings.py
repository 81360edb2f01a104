"""Settings shared by image networks."""

from dataclasses import dataclass

from common.errors import ConfigError
from models.network import NetworkSettings


@dataclass(frozen=True, kw_only=True)
class VisionSettings(NetworkSettings):
    """Settings of an image network: `width`, the channels of its first convolution, and `classes`."""

    width: int = 64


@dataclass(frozen=True, kw_only=True)
class BatchNormSettings(VisionSettings):
    """Settings of an image network with batch norm, with the momentum of its running statistics."""

    batch_norm_momentum: float = 0.1
    """Share by which running statistics move in a training step."""

    def __post_init__(self) -> None:
        """Check every value."""
        super().__post_init__()
        if not 0 < self.batch_norm_momentum <= 1:
            raise ConfigError("batch_norm_momentum", self.batch_norm_momentum, "a number above 0, at most 1")


@dataclass(frozen=True, kw_only=True)
class DropoutSettings(VisionSettings):
    """Settings of an image network with dropout, with its rate."""

    dropout: float = 0.0
    """Share of units dropped in training."""

    def __post_init__(self) -> None:
        """Check every value."""
        super().__post_init__()
        if not 0 <= self.dropout < 1:
            raise ConfigError("dropout", self.dropout, "a number of at least 0, below 1")
