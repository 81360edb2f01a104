"""Options that recipes share."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from asc.scenes.clips import Residency
from common.errors import ConfigError
from recipes.points import Preset


@dataclass(frozen=True, kw_only=True)
class FigureOptions:
    """Options of every recipe, with runs or without."""

    out: Path
    """Folder of figures. Files are written to its subfolder of the paper's name."""
    dry_run: bool = False
    """Print what exists, what is missing and what it costs. Train nothing and write nothing."""


@dataclass(frozen=True, kw_only=True)
class SharedOptions(FigureOptions):
    """Options of every recipe that trains; `--data` and `--runs` are added for scenes and for images."""

    preset: Preset = "demo"
    """`paper`: the published sizes and hyper-parameters; `demo`: a few sizes, minutes on two cores."""
    seeds: int = 3
    """Number of runs of each configuration, with seeds 0, 1, ..."""
    epochs: int | None = None
    """Epochs of every run (default: the preset's)."""
    precision: Literal["auto", "32-true", "bf16-mixed"] = "auto"
    """bfloat16 where the hardware multiplies it natively, else 32 bit."""
    accelerator: Literal["auto", "cpu", "cuda"] = "auto"
    """Device to train on."""
    executor: Literal["local", "ray"] = "local"
    """Train runs one after another in this process, or in parallel on a Ray cluster."""
    ray_address: str | None = None
    """Address of a running Ray cluster (default: Ray starts one on this machine)."""
    runs_per_gpu: int = 1
    """Runs that share a GPU (with Ray)."""
    cpus_per_run: int = 1
    """CPU cores of each run (with Ray)."""
    plot_only: bool = False
    """Draw the finished runs. Train nothing."""

    def __post_init__(self) -> None:
        """Check the number of seeds."""
        if self.seeds < 1:
            raise ConfigError("seeds", self.seeds, "at least 1")


@dataclass(frozen=True, kw_only=True)
class AudioOptions(SharedOptions):
    """Further options of recipes that train on acoustic scenes."""

    roll: Literal["waveform", "frames", "none"] | None = None
    """What the roll augmentation shifts along time (default: the preset's)."""
    workers: int = 0
    """Number of processes that load the batches of a run."""
    residency: Residency = "auto"
    """Keep the clips on the training device, or read each batch from the memory map."""
    keep_checkpoints: bool = False
    """Keep the last checkpoint of each finished run beside its final weights."""
