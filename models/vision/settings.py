"""What every image network is built from: its width and its number of classes."""

from dataclasses import dataclass

from common.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class VisionSettings:
    """Size of an image network: `width`, the channels its first convolution makes, and `classes`."""

    width: int = 64
    classes: int = 10

    def __post_init__(self) -> None:
        """Check every size."""
        self.check_least("width", 1)
        self.check_least("classes", 2)

    def check_least(self, field: str, least: int) -> None:
        """Raise ConfigError if the number in `field` is below `least`."""
        if getattr(self, field) < least:
            raise ConfigError(field, getattr(self, field), f"a whole number of at least {least}")


@dataclass(frozen=True, kw_only=True)
class BatchNormSettings(VisionSettings):
    """Size of an image network with batch norm; its running statistics move by `batch_norm_momentum` in a step."""

    batch_norm_momentum: float = 0.1

    def __post_init__(self) -> None:
        """Check every value."""
        super().__post_init__()
        if not 0 < self.batch_norm_momentum <= 1:
            raise ConfigError("batch_norm_momentum", self.batch_norm_momentum, "a number above 0, at most 1")


@dataclass(frozen=True, kw_only=True)
class DropoutSettings(VisionSettings):
    """Size of an image network that, in training, drops the share `dropout` of some units."""

    dropout: float = 0.0

    def __post_init__(self) -> None:
        """Check every value."""
        super().__post_init__()
        if not 0 <= self.dropout < 1:
            raise ConfigError("dropout", self.dropout, "a number of at least 0, below 1")
