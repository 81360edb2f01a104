"""A finished run back in memory: its description, its final weights on a device, its prepared set and test clips."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor

from asc.accelerator import set_up
from asc.clips import Kind, MappedClips
from asc.data import Sides
from asc.description import RunDescription
from asc.module import SceneClassifier
from asc.run_folder import RunFolder
from common.errors import RunError
from data_prep.storage import PreparedSet


@dataclass(frozen=True)
class LoadedRun:
    """A finished run, its network in evaluation mode.

    Parameters
    ----------
    description
        What was trained.
    prepared
        The set it was trained on.
    sides
        How that set was split.
    module
        The network with its final weights, its normalisation and its source of clips.
    """

    description: RunDescription
    prepared: PreparedSet
    sides: Sides
    module: SceneClassifier

    @property
    def name(self) -> str:
        """Configuration and seed, as the run's folder names them."""
        return f"{self.description.title}-{self.description.identity[:12]}-seed-{self.description.seed}"

    @property
    def unseen(self) -> NDArray[np.int64]:
        """Rows of the set that are test clips of devices not trained on."""
        devices = self.prepared.clips["device"].iloc[self.sides.test]
        return self.sides.test[~devices.isin(self.sides.seen).to_numpy()]

    def spectrograms(self, rows: NDArray[np.int64], batch_size: int) -> Iterator[Tensor]:
        """Yield the normalised spectrograms (batch, 1, mel, frame) of these rows, in order, on the run's device."""
        for start in range(0, len(rows), batch_size):
            # Not yielded from inside: until the next batch is asked for, the caller would compute without gradients.
            with torch.no_grad():
                batch = self.module.spectrograms(self.module.source.load(rows[start : start + batch_size]))
            yield batch


def load_run(folder: RunFolder, prepared: PreparedSet, accelerator: str) -> LoadedRun:
    """Load a finished run on `cpu` or `cuda`.

    The mel bands' statistics come with the weights, so nothing is computed from the set. A run that several processes
    shared is loaded as one of a single process: the weights are the same.

    Raises
    ------
    RunError
        If the run is not finished, was trained on another set, or its weights cannot be used.
    DataError
        If the set cannot be split as the run says.
    """
    description = folder.description()
    if not folder.done:
        raise RunError(f"{folder.path} is not finished; train it to the end first")
    if description.data.identity != prepared.identity:
        raise RunError(
            f"{folder.path} was trained on the prepared set {description.data.name}-{description.data.identity[:12]}, "
            f"not on {prepared.folder}; name that set"
        )
    sides = Sides.of(prepared, description)
    set_up(accelerator)
    device = torch.device(accelerator)
    kind: Kind = "waveform" if description.training.roll == "waveform" else "spectrogram"
    alone = replace(description, training=replace(description.training, world_size=1))
    source = MappedClips(prepared, kind)
    try:
        state = load(folder.weights_file.read_bytes())
        statistics = (state["band_mean"][:, 0].numpy(), state["band_deviation"][:, 0].numpy())
        module = SceneClassifier(alone, source, statistics)
        module.load_state_dict(state)
    except (OSError, SafetensorError, KeyError, IndexError, RuntimeError) as error:
        raise RunError(
            f"{folder.weights_file} cannot be used: {error}; move the run's folder away and train it again"
        ) from error
    return LoadedRun(description, prepared, sides, module.to(device).eval())
