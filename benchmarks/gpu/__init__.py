"""Does everything that runs on a GPU work there, how fast is it, and what limits it? `python -m benchmarks.gpu`."""

from dataclasses import dataclass
from pathlib import Path

from data_prep.storage import PreparedSet


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large everything is.

    Attributes
    ----------
    clips, seconds
        Of the prepared set of noise, and of each clip.
    width, batch, images
        Of the runs that only have to work: the network's width, clips in a batch, and images to learn from.
    speed_batch, widths
        Of the runs whose speed is measured: clips in a batch, and each width with the steps that are timed.
    matrix
        Side of the square matrices by which the peak is measured.
    compiler
        Backend of `torch.compile`.
    """

    clips: int = 128
    seconds: float = 10.0
    width: int = 32
    batch: int = 16
    images: int = 256
    speed_batch: int = 32
    widths: tuple[tuple[int, int], ...] = ((32, 100), (64, 80), (128, 50), (256, 25), (512, 10))
    matrix: int = 8192
    compiler: str = "inductor"


# What a test runs on the CPU: every line but those that only a GPU can run.
TINY = Size(
    clips=16,
    seconds=0.5,
    width=4,
    batch=4,
    images=16,
    speed_batch=4,
    widths=((4, 1),),
    matrix=64,
    compiler="eager",
)


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What every part needs: where it computes, how large, on which set, and a folder for its runs."""

    device: str
    size: Size
    prepared: PreparedSet
    folder: Path
