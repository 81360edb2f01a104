"""Accepted irregularities of audio files."""

from collections.abc import Iterable
from dataclasses import dataclass

from common.errors import DataError
from data_prep.containers.container import Oddity


@dataclass(frozen=True, kw_only=True)
class Acceptance:
    """Irregularities that are accepted in files whose samples are complete.

    Parameters
    ----------
    strict
        Accept no irregularities.
    lossy
        Accept lossy codecs without checksums.
    """

    strict: bool = False
    lossy: bool = False

    def check(self, oddities: Iterable[str]) -> None:
        """Raise DataError with advice if one of a file's irregularities is not accepted."""
        for oddity in oddities:
            if self.strict:
                raise DataError(f"is refused by --strict: {oddity}")
            if oddity == Oddity.LOSSY and not self.lossy:
                raise DataError(f"is {oddity}; --lossy reads it")
