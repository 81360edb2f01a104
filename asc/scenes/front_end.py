"""From stored clips to network inputs, on the training device: augmentation, mel spectrogram, normalisation."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from asc.augmentations.augmentation import Batch, apply_stage
from asc.run import Run
from asc.scenes.batches import HostBatch
from asc.scenes.clips import ClipSource, Kind
from asc.scenes.sides import scene_data
from asc.scenes.statistics import Statistics
from data_prep.features import PerceptualMel


def stored_kind(run: Run) -> Kind:
    """Return what a run loads: waveforms where an augmentation changes them, else spectrograms."""
    stages = {each.stage for each in run.training.augmentations}
    return "waveform" if "waveform" in stages else "spectrogram"


class FrontEnd:
    """Turns stored clips into network inputs (batch, 1, mel, frame), in float32.

    Parameters
    ----------
    run
        Its augmentations and features.
    statistics
        Mean and deviation of each mel band over the training clips, shape (mel,).
    device
        The training device.
    """

    def __init__(self, run: Run, statistics: Statistics, device: torch.device) -> None:
        self.augmentations, self.device = run.training.augmentations, device
        self.mel = PerceptualMel(scene_data(run).features).to(device) if stored_kind(run) == "waveform" else None
        self.mean = torch.from_numpy(statistics[0])[:, None].to(device)
        # A band that is constant over the training clips is centred and left at its scale.
        deviation = np.where(statistics[1] > 1e-6, statistics[1], 1).astype(np.float32)
        self.deviation = torch.from_numpy(deviation)[:, None].to(device)

    def state(self) -> dict[str, Tensor]:
        """Return the normalisation: `band_mean` and `band_deviation`, shape (mel, 1)."""
        return {"band_mean": self.mean, "band_deviation": self.deviation}

    def _normalised(self, clips: Tensor) -> Tensor:
        return ((clips.float() - self.mean) / self.deviation).unsqueeze(1)

    def inputs(self, clips: Tensor) -> Tensor:
        """Return the network inputs of clips without augmentation."""
        return self._normalised(clips if self.mel is None else self.mel(clips))

    def augmented(self, clips: Tensor, planned: HostBatch) -> Batch:
        """Return the training batch of clips on the device."""
        chosen, draws = self.augmentations, planned.draws
        batch = Batch(clips, planned.labels)
        if self.mel is not None:
            batch = apply_stage("waveform", chosen, draws, batch)
            batch = batch._replace(inputs=self.mel(batch.inputs))
        batch = apply_stage("spectrogram", chosen, draws, batch)
        batch = batch._replace(inputs=self._normalised(batch.inputs))
        return apply_stage("input", chosen, draws, batch)


def batches_of(front_end: FrontEnd, source: ClipSource, rows: NDArray[np.int64], batch_size: int) -> Iterator[Tensor]:
    """Yield the network inputs of rows of the prepared set, in order."""
    for start in range(0, len(rows), batch_size):
        # Not yielded from inside: until the next batch is asked for, the caller would compute without gradients.
        with torch.no_grad():
            batch = front_end.inputs(source.place(source.load(rows[start : start + batch_size]), front_end.device))
        yield batch
