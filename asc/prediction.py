"""From a network to the predictions table: every test clip scored once, in the set's order, by one process."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from asc.module import SceneClassifier

_CLIPS_AT_ONCE = 16
_COLUMNS = ["clip", "recording", "scene", "city", "location", "device", "kind"]


@torch.inference_mode()
def logits_of(
    module: SceneClassifier, rows: NDArray[np.int64], precision: Callable[[], AbstractContextManager[None]]
) -> NDArray[np.float32]:
    """Return the logits (clip, class) of these rows of the prepared set, in evaluation mode.

    `precision` makes the context in which the forward pass runs; the module is left in the mode it was in.
    """
    training = module.training
    module.eval()
    parts = []
    for start in range(0, len(rows), _CLIPS_AT_ONCE):
        loaded = module.source.load(rows[start : start + _CLIPS_AT_ONCE])
        with precision():
            parts.append(module(module.spectrograms(loaded)).cpu())
    module.train(training)
    return torch.cat(parts).numpy()


def predictions_table(
    clips: pd.DataFrame, logits: NDArray[np.float32], scenes: tuple[str, ...], seen: tuple[str, ...], epoch: int
) -> pd.DataFrame:
    """Return one row per clip of `clips` (in its order): what it is, whether its device was trained on, its logits."""
    table = clips[_COLUMNS].reset_index(drop=True)
    table.insert(0, "epoch", epoch)
    table["seen"] = table["device"].isin(seen)
    table[[f"logit:{scene}" for scene in scenes]] = logits
    return table
