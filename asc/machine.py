"""Where and how a run is computed; none of it is part of the run's identity."""

from dataclasses import dataclass

from asc.scenes.clips import Residency


@dataclass(frozen=True, kw_only=True)
class Machine:
    """Where and how a run is computed.

    Parameters
    ----------
    accelerator
        `cpu` or `cuda`.
    workers
        Processes that load batches; 0 loads in the training process, which is fastest from a memory map.
    residency
        Where the clips live, see `asc.scenes.clips.clip_source`.
    keep_checkpoint
        Keep the last checkpoint (weights and optimizer) of a finished run beside its final weights.
    runs_per_gpu
        How many runs share a GPU, and its memory.
    """

    accelerator: str = "cpu"
    workers: int = 0
    residency: Residency = "auto"
    keep_checkpoint: bool = False
    runs_per_gpu: int = 1
