"""Options that recipes share; those that train nothing take them too, so that one command line runs all."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from asc.clips import Residency
from common.errors import ConfigError
from recipes.points import Preset


@dataclass(frozen=True, kw_only=True)
class SharedOptions:
    """What every recipe of every paper takes, `--data` and `--runs` beside."""

    out: Path
    """Folder of figures; this one's stand below it, in its paper's folder."""
    preset: Preset = "demo"
    """`paper`: the published sizes and hyper-parameters; `demo`: a few sizes, minutes on two cores."""
    seeds: int = 3
    """Runs of each configuration, of seeds 0, 1, ..."""
    epochs: int | None = None
    """Epochs of every run (default: the preset's)."""
    precision: Literal["auto", "32-true", "bf16-mixed"] = "auto"
    """bfloat16 where the hardware multiplies it natively, else 32 bit."""
    accelerator: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to train."""
    executor: Literal["local", "ray"] = "local"
    """Train one run after another in this process, or many at once on a Ray cluster."""
    ray_address: str | None = None
    """Address of a running Ray cluster; without it Ray starts one on this machine."""
    runs_per_gpu: int = 1
    """Runs that share a GPU, with Ray."""
    cpus_per_run: int = 1
    """Cores of each run, with Ray."""
    dry_run: bool = False
    """Say which runs exist, are partial or missing, and what the missing ones cost; train nothing."""
    plot_only: bool = False
    """Draw what is finished; train nothing."""

    def __post_init__(self) -> None:
        """Check the number of seeds."""
        if self.seeds < 1:
            raise ConfigError("seeds", self.seeds, "at least 1")


@dataclass(frozen=True, kw_only=True)
class AudioOptions(SharedOptions):
    """What every recipe of the audio paper takes beside."""

    roll: Literal["waveform", "frames", "none"] | None = None
    """What is rolled along time (default: the preset's)."""
    workers: int = 0
    """Processes that load the batches of a run."""
    residency: Residency = "auto"
    """Keep the clips on the training device, or read each batch from the memory map."""
    keep_checkpoints: bool = False
    """Keep the last checkpoint of each finished run beside its final weights."""
