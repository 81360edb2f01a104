"""Which oddities a user accepts."""

from collections.abc import Iterable
from dataclasses import dataclass

from common.errors import DataError
from data_prep.containers.container import Oddity


@dataclass(frozen=True, kw_only=True)
class Acceptance:
    """What is accepted of files whose samples are all there.

    Parameters
    ----------
    strict
        Accept nothing odd.
    lossy
        Accept files without checksums whose samples were coded with loss.
    """

    strict: bool = False
    lossy: bool = False

    def check(self, oddities: Iterable[str]) -> None:
        """Raise DataError, with what to do, where one of a file's oddities is not accepted."""
        for oddity in oddities:
            if self.strict:
                raise DataError(f"is refused by --strict: {oddity}")
            if oddity == Oddity.LOSSY and not self.lossy:
                raise DataError(f"is {oddity}; --lossy reads it")
