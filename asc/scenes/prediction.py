"""Predictions of the test clips: a table with one row per clip, and its accuracies."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from asc.scenes.clips import memory_for
from common.files import atomic_path
from evaluation.accuracy import accuracy
from evaluation.predictions import score
from models.network import NetworkSettings

_CLIPS_AT_ONCE = 16  # on the CPU
# On a GPU: number of channels of the largest feature maps in a batch, and bounds of the number of clips.
_CHANNELS_AT_ONCE, _FEWEST, _MOST = 8192, 16, 256
_SHARE_OF_DEVICE = 0.2
_COLUMNS = ["clip", "recording", "scene", "city", "location", "device", "kind"]


def clips_at_once(network: NetworkSettings, device: torch.device) -> int:
    """Return the batch size of predictions."""
    if device.type == "cpu":
        return _CLIPS_AT_ONCE
    return min(max(_CHANNELS_AT_ONCE // network.width, _FEWEST), _MOST)


def worth_keeping(device: torch.device, values: int, runs_per_gpu: int) -> bool:
    """Return whether to keep spectrograms with this number of values, computed from waveforms, on the device.

    On the CPU they would take memory in each run, in addition to the memory map that all runs share.
    """
    return device.type == "cuda" and 4 * values <= _SHARE_OF_DEVICE * memory_for(device, runs_per_gpu)


def predictions_table(
    clips: pd.DataFrame, logits: NDArray[np.float32], scenes: tuple[str, ...], seen: tuple[str, ...], epoch: int
) -> pd.DataFrame:
    """Return a table with one row per clip: its metadata, whether its device is seen in training, its logits."""
    table = clips[_COLUMNS].reset_index(drop=True)
    table.insert(0, "epoch", epoch)
    table["seen"] = table["device"].isin(seen)
    table[[f"logit:{scene}" for scene in scenes]] = logits
    return table


def write_predictions(table: pd.DataFrame, file: Path) -> None:
    """Write a table as Parquet, atomically."""
    with atomic_path(file) as temporary:
        table.to_parquet(temporary, index=False)


def epoch_row(predictions: pd.DataFrame) -> dict[str, float]:
    """Return the seen, unseen and per-device accuracies of one epoch's predictions."""
    row = accuracy(score(predictions), ["epoch"]).iloc[0]
    parts = {f"{part}_accuracy": float(row["part", part]) for part in ("seen", "unseen")}
    return parts | {f"accuracy:{device}": float(value) for device, value in row["device"].items()}
