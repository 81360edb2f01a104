"""Accepted irregularities of audio files."""

from collections.abc import Iterable
from dataclasses import dataclass

from common.errors import DataError
from data_prep.containers.container import Irregularity


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

    def check(self, irregularities: Iterable[str]) -> None:
        """Raise DataError with advice if one of a file's irregularities is not accepted."""
        for irregularity in irregularities:
            if self.strict:
                raise DataError(f"is refused by --strict: {irregularity}")
            if irregularity == Irregularity.LOSSY and not self.lossy:
                raise DataError(f"is {irregularity}; --lossy reads it")
