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
