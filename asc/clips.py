"""Clips on their way to the training device: read batch by batch from the memory map, or resident from the start."""

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

# Of the memory that a run has on a device, the clips may take this much; the rest is for activations.
_SHARE_OF_DEVICE = 0.4
_CLIPS_AT_ONCE = 256


class ClipSource(Protocol):
    """Where batches of clips come from: `load` runs in the loader's process, `place` in the trainer's."""

    def load(self, rows: NDArray[np.int64]) -> Loaded:
        """Fetch the clips of these rows of the prepared set, as small as they are stored."""

    def place(self, loaded: Loaded, device: torch.device) -> Tensor:
        """Return spectrograms (batch, mel, frame) in float16 or waveforms (batch, sample) in float32 on `device`."""


def _waveforms(stored: Tensor, scale: Tensor) -> Tensor:
    return stored.float() * scale[:, None]


class MappedClips:
    """Reads each batch from the memory map: costs no memory of its own, however large the set.

    Raises
    ------
    ConfigError
        If waveforms are asked for and the set has none.
    """

    def __init__(self, prepared: PreparedSet, kind: Kind) -> None:
        if kind == "waveform" and not prepared.has_waveforms:
            raise ConfigError(
                "roll",
                "waveform",
                f"the set {prepared.folder.name} holds no waveforms; prepare it with them "
                "(the same python -m asc.prepare command and --waveforms), or train with --roll frames",
            )
        self.prepared, self.kind = prepared, kind

    def load(self, rows: NDArray[np.int64]) -> Loaded:
        """Read the clips from the map."""
        if self.kind == "spectrogram":
            return (torch.from_numpy(self.prepared.spectrograms(rows)),)
        stored, scale = self.prepared.waveforms(rows)
        return torch.from_numpy(stored), torch.from_numpy(scale)

    def place(self, loaded: Loaded, device: torch.device) -> Tensor:
        """Move what was read."""
        moved = tuple(tensor.to(device, non_blocking=True) for tensor in loaded)
        return moved[0] if self.kind == "spectrogram" else _waveforms(*moved)


class ResidentClips:
    """Holds the clips of a run on the training device; a batch is a list of places.

    A copy in another process, as a loader worker has it, knows the places and holds no clips.
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
        """Turn rows into places."""
        return (torch.from_numpy(self.place_of[rows]),)

    def place(self, loaded: Loaded, device: torch.device) -> Tensor:
        """Pick the clips out of the device's memory."""
        places = loaded[0].to(device, non_blocking=True)
        chosen = tuple(tensor.index_select(0, places) for tensor in self.stored)
        return chosen[0] if self.kind == "spectrogram" else _waveforms(*chosen)


def memory_for(device: torch.device, runs_per_gpu: int) -> float:
    """Return how many bytes a run may count on, on a GPU that it shares with others.

    That is its share of the whole, for other runs may not have taken theirs yet, and no more than is free.
    """
    free, total = torch.cuda.mem_get_info(device)
    return min(free, total / runs_per_gpu)


def clip_source(
    mapped: MappedClips, rows: NDArray[np.int64], device: torch.device, residency: Residency, runs_per_gpu: int = 1
) -> ClipSource:
    """Choose where a run's clips live, in the process and on the device that they are used on.

    `auto` keeps them on a GPU if they fit into a share of the memory that the run may count on there, and reads them
    from the memory map otherwise; on the CPU the map is memory already, shared by every process that reads the set.
    """
    if residency == "auto" and device.type == "cuda":
        prepared = mapped.prepared
        values = prepared.samples if mapped.kind == "waveform" else prepared.shape[0] * prepared.shape[1]
        fits = 2 * values * len(rows) <= _SHARE_OF_DEVICE * memory_for(device, runs_per_gpu)
        residency = "device" if fits else "mapped"
    return ResidentClips(mapped, rows, device) if residency == "device" else mapped
