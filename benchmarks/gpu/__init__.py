"""`python -m benchmarks.gpu`: check all code paths on a GPU, and measure the training speed and its limits."""

from dataclasses import dataclass
from pathlib import Path

from data_prep.storage import PreparedSet


@dataclass(frozen=True, kw_only=True)
class Size:
    """Sizes of networks and data in the checks.

    Attributes
    ----------
    clips, seconds
        Number and length of the clips in the prepared set of noise.
    width, batch, images
        Network width, batch size and number of training images of the runs that check functions.
    speed_batch, widths
        Batch size of the speed measurements, and the network widths with their number of timed steps.
    matrix
        Size of the square matrices by which the peak speed is measured.
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


# For a test on the CPU, which runs all code except that for GPUs only.
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
    """Inputs of every part: device, sizes, prepared set, and folder of its runs."""

    device: str
    size: Size
    prepared: PreparedSet
    folder: Path
