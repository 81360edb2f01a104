"""Loading of clips: read batch by batch from the memory map, or resident in the device's memory."""

from typing import Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from common.errors import ConfigError
from data_prep.storage import PreparedSet

Kind = Literal["spectrogram", "waveform"]
Residency = Literal["auto", "device", "mapped"]
Loaded = tuple[Tensor, ...]

# Share of a run's memory on a device that clips may take; the rest is for activations.
_SHARE_OF_DEVICE = 0.4
_CLIPS_AT_ONCE = 256


class ClipSource(Protocol):
    """Interface of clip sources: `load` runs in the loader worker, `place` in the training process."""

    def load(self, rows: NDArray[np.int64]) -> Loaded:
        """Load the clips of these rows of the prepared set, in their stored format."""

    def place(self, loaded: Loaded, device: torch.device) -> Tensor:
        """Return spectrograms (batch, mel, frame) in float16 or waveforms (batch, sample) in float32 on `device`."""


def _waveforms(stored: Tensor, scale: Tensor) -> Tensor:
    return stored.float() * scale[:, None]


class MappedClips:
    """Clips read from the memory map, batch by batch, without using additional memory.

    Raises
    ------
    ConfigError
        If waveforms are requested and the set has none.
    """

    def __init__(self, prepared: PreparedSet, kind: Kind) -> None:
        if kind == "waveform" and not prepared.has_waveforms:
            raise ConfigError(
                "augmentations",
                "roll-waveform",
                f"the set {prepared.folder.name} has no waveforms; prepare it with them "
                "(the same python -m asc.prepare command and --waveforms), or roll frames "
                "(--augmentations roll-frames mixup; in recipes --roll frames)",
            )
        self.prepared, self.kind = prepared, kind

    def load(self, rows: NDArray[np.int64]) -> Loaded:
        """Read the clips from the memory map."""
        if self.kind == "spectrogram":
            return (torch.from_numpy(self.prepared.spectrograms(rows)),)
        stored, scale = self.prepared.waveforms(rows)
        return torch.from_numpy(stored), torch.from_numpy(scale)

    def place(self, loaded: Loaded, device: torch.device) -> Tensor:
        """Move the clips to the device."""
        moved = tuple(tensor.to(device, non_blocking=True) for tensor in loaded)
        return moved[0] if self.kind == "spectrogram" else _waveforms(*moved)


class ResidentClips:
    """Clips held in the training device's memory; a batch is loaded as a list of their indices.

    Copies in other processes, such as loader workers, have the indices but no clips.
    """

    def __init__(self, mapped: MappedClips, rows: NDArray[np.int64], device: torch.device) -> None:
        self.kind = mapped.kind
        self.place_of = np.full(len(mapped.prepared.clips), -1, dtype=np.int64)
        self.place_of[rows] = np.arange(len(rows))
        self.stored = tuple(
            torch.empty((len(rows), *one.shape[1:]), dtype=one.dtype, device=device) for one in mapped.load(rows[:1])
        )
        for start in range(0, len(rows), _CLIPS_AT_ONCE):
            loaded = mapped.load(rows[start : start + _CLIPS_AT_ONCE])
            for whole, part in zip(self.stored, loaded, strict=True):
                whole[start : start + len(part)].copy_(part)

    def __getstate__(self) -> dict[str, object]:
        return {"kind": self.kind, "place_of": self.place_of, "stored": ()}

    def load(self, rows: NDArray[np.int64]) -> Loaded:
        """Convert rows of the prepared set to indices of resident clips."""
        return (torch.from_numpy(self.place_of[rows]),)

    def place(self, loaded: Loaded, device: torch.device) -> Tensor:
        """Select the clips in the device's memory."""
        places = loaded[0].to(device, non_blocking=True)
        chosen = tuple(tensor.index_select(0, places) for tensor in self.stored)
        return chosen[0] if self.kind == "spectrogram" else _waveforms(*chosen)


def memory_for(device: torch.device, runs_per_gpu: int) -> float:
    """Return the bytes available to a run on a GPU that it shares with other runs.

    It is the run's share of the total memory, as other runs may not have allocated theirs yet, and at most the free
    memory.
    """
    free, total = torch.cuda.mem_get_info(device)
    return min(free, total / runs_per_gpu)


def clip_source(
    mapped: MappedClips, rows: NDArray[np.int64], device: torch.device, residency: Residency, runs_per_gpu: int = 1
) -> ClipSource:
    """Return the source of a run's clips.

    `auto` keeps the clips on a GPU if they fit into a share of the memory available to the run, and otherwise reads
    them from the memory map. On the CPU, the memory map is shared by all processes that read the set.
    """
    if residency == "auto" and device.type == "cuda":
        prepared = mapped.prepared
        values = prepared.samples if mapped.kind == "waveform" else prepared.shape[0] * prepared.shape[1]
        fits = 2 * values * len(rows) <= _SHARE_OF_DEVICE * memory_for(device, runs_per_gpu)
        residency = "device" if fits else "mapped"
    return ResidentClips(mapped, rows, device) if residency == "device" else mapped
