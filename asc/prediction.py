"""From a network to the predictions table: every test clip scored once, in the set's order, by one process."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.utils import parametrize

from asc.clips import memory_for
from asc.module import SceneClassifier

_CLIPS_AT_ONCE = 16  # on the CPU
# On a GPU as many clips that so many channels of their largest maps are computed at once, within these bounds.
_CHANNELS_AT_ONCE, _FEWEST, _MOST = 8192, 16, 256
_SHARE_OF_DEVICE = 0.2
_COLUMNS = ["clip", "recording", "scene", "city", "location", "device", "kind"]


def _clips_at_once(module: SceneClassifier) -> int:
    if module.device.type == "cpu":
        return _CLIPS_AT_ONCE
    return min(max(_CHANNELS_AT_ONCE // module.description.network.width, _FEWEST), _MOST)


def worth_keeping(module: SceneClassifier, values: int, runs_per_gpu: int) -> bool:
    """Return whether so many values of spectrograms, computed from waveforms, are to be kept on the device.

    On the CPU they would be memory of each run's own, beside the memory map that all runs share.
    """
    if module.front_end is None or module.device.type != "cuda":
        return False
    return 4 * values <= _SHARE_OF_DEVICE * memory_for(module.device, runs_per_gpu)


@torch.inference_mode()
def logits_of(
    module: SceneClassifier,
    rows: NDArray[np.int64],
    precision: Callable[[], AbstractContextManager[None]],
    kept: list[Tensor] | None = None,
) -> NDArray[np.float32]:
    """Return the logits (clip, class) of these rows of the prepared set, in evaluation mode.

    Parameters
    ----------
    module
        Left in the mode it was in.
    rows
        Which clips.
    precision
        Makes the context in which the forward pass runs.
    kept
        The spectrograms of the same rows from an earlier call; an empty list is filled with them.
    """
    training, at_once = module.training, _clips_at_once(module)
    module.eval()
    known, parts = list(kept or ()), []
    with precision(), parametrize.cached():  # each weight is formed, and cast, once
        for number, start in enumerate(range(0, len(rows), at_once)):
            if number < len(known):
                batch = known[number]
            else:
                batch = module.spectrograms(module.source.load(rows[start : start + at_once]))
                if kept is not None:
                    kept.append(batch)
            parts.append(module(batch))
    module.train(training)
    return torch.cat(parts).cpu().numpy()  # one copy to the host, and one wait for the device


def predictions_table(
    clips: pd.DataFrame, logits: NDArray[np.float32], scenes: tuple[str, ...], seen: tuple[str, ...], epoch: int
) -> pd.DataFrame:
    """Return one row per clip of `clips` (in its order): what it is, whether its device was trained on, its logits."""
    table = clips[_COLUMNS].reset_index(drop=True)
    table.insert(0, "epoch", epoch)
    table["seen"] = table["device"].isin(seen)
    table[[f"logit:{scene}" for scene in scenes]] = logits
    return table
