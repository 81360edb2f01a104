"""Effective receptive fields of finished runs over the unseen test clips: computation, cache, extents and captions."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from asc.kept import Arrays, kept_arrays, read_arrays, write_arrays
from asc.loading import LoadedRun, load_scenes
from asc.run import Run
from asc.run_folder import RunFolder
from asc.scenes.task import SceneTask
from common.errors import DataError, RunError
from common.progress import Advance, progress
from data_prep.features import FeatureSettings
from data_prep.storage import PreparedSet
from evaluation.erf import ErfMap, Layer, effective_receptive_field, extent, penultimate
from models.audio.resnet import AudioResNetSettings
from models.network import NetworkSettings
from models.weights.damping import Damping
from models.weights.schemes import find_scheme

SHARES = (0.5, 0.95)
SUFFIXES = tuple(f"{100 * share:g}" for share in SHARES)
WORDS: dict[Layer, str] = {"features": "the last block's output", "class-map": "the class map before pooling"}


def erf_of_run(
    run: LoadedRun[SceneTask], layer: Layer = "features", clips: int | None = None, batch_size: int = 32
) -> ErfMap:
    """Return the effective receptive field of a run over its unseen test clips.

    Parameters
    ----------
    clips
        Maximum number of clips, evenly spaced; None: all.

    Raises
    ------
    RunError
        If the run has no unseen test clip, or the map has no extent.
    """
    rows = run.task.sides.unseen(run.task.prepared)
    if clips is not None and clips < len(rows):
        rows = rows[np.linspace(0, len(rows) - 1, clips).round().astype(np.int64)]
    try:
        with progress(run.name, len(rows), "clips") as advance:
            batches = _counted(run.task.inputs(rows, batch_size), advance)
            erf = effective_receptive_field(penultimate(run.network, layer), batches)
        extent(erf, SHARES[0])
    except DataError as error:
        raise RunError(f"{run.name}, {layer}, {len(rows)} unseen test clips: {error}") from error
    return erf


def map_of(folder: RunFolder, prepared: PreparedSet, layer: Layer, accelerator: str) -> ErfMap:
    """Return the map of a finished run over all unseen test clips, from the run's folder or computed."""
    path = folder.map_file(layer)
    return _map(path, kept_arrays(path, lambda: _arrays(erf_of_run(load_scenes(folder, prepared, accelerator), layer))))


def title(run: Run) -> str:
    """Return a short name for a panel: the network and its seed."""
    damping = find_scheme(run.weights, Damping)
    kind = f"damped ({damping.edge:g})" if isinstance(damping, Damping) else "base"
    return f"{kind} {panel_name(run.network)}, seed {run.seed}"


def panel_name(settings: NetworkSettings) -> str:
    """Return the size of a network as printed in figures, such as `W=32 D=1 K=1`."""
    if isinstance(settings, AudioResNetSettings):
        return f"W={settings.width} D={settings.depth} K={settings.pointwise_depth}"
    return f"{settings.kind} W={settings.width}"


def extents_of(erf: ErfMap, features: FeatureSettings) -> dict[str, int | float]:
    """Return the number of clips, the maximum receptive field and the extents `mels_50`, `frames_50`, ..."""
    hop = features.hop_length / features.sample_rate
    row: dict[str, int | float] = {"clips": erf.clips}
    row |= {"receptive_mels": erf.maximum[0], "receptive_frames": erf.maximum[1]}
    for share, suffix in zip(SHARES, SUFFIXES, strict=True):
        held = extent(erf, share)
        row |= {f"mels_{suffix}": held.mels, f"frames_{suffix}": held.frames, f"seconds_{suffix}": held.frames * hop}
    return row


def _pair(values: NDArray[Any]) -> tuple[Any, Any]:
    first, second = values.tolist()
    return first, second


def _counted(batches: Iterator[Tensor], advance: Advance) -> Iterator[Tensor]:
    for batch in batches:
        yield batch
        advance(len(batch))


def write_map(path: Path, erf: ErfMap) -> None:
    """Write a map as npz, atomically."""
    write_arrays(path, _arrays(erf))


def _arrays(erf: ErfMap) -> dict[str, NDArray[Any]]:
    return {name: np.array(value) for name, value in vars(erf).items()}


def read_map(path: Path) -> ErfMap:
    """Read a map written by `write_map`.

    Raises
    ------
    RunError
        If the file is missing or is not a map.
    """
    return _map(path, read_arrays(path))


def _map(path: Path, arrays: Arrays) -> ErfMap:
    try:
        first, centre, maximum = (_pair(arrays[name]) for name in ("first", "centre", "maximum"))
        return ErfMap(values=arrays["values"], first=first, centre=centre, maximum=maximum, clips=int(arrays["clips"]))
    except (ValueError, KeyError, TypeError) as error:
        raise RunError(f"{path} is not an effective receptive field: {error}; compute it again") from error


def reading(features: FeatureSettings, layer: Layer, maps: Sequence[ErfMap]) -> str:
    """Return the caption of plots of maps."""
    clips = " or ".join(f"{number:,}" for number in sorted({erf.clips for erf in maps}))
    frame = 1000 * features.hop_length / features.sample_rate
    return (
        f"{clips} unseen test clips. Mean absolute gradient of {WORDS[layer]} at its middle place, "
        "cropped to the maximum receptive field. "
        "Boxes: smallest centred intervals that hold 50 % (line) and 95 % (dashes) in frequency and in time. "
        f"A frame is {frame:.1f} ms."
    )
