"""Maps of finished runs: the effective receptive field over the unseen test clips, kept, measured and described."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from asc.loading import LoadedRun, load_run
from asc.run_folder import RunFolder
from common.errors import DataError, RunError
from common.files import atomic_path
from common.progress import Advance, progress
from data_prep.features import FeatureSettings
from data_prep.storage import PreparedSet
from evaluation.erf import ErfMap, Layer, effective_receptive_field, extent, penultimate

SHARES = (0.5, 0.95)
SUFFIXES = tuple(f"{100 * share:g}" for share in SHARES)
WORDS: dict[Layer, str] = {"features": "the last block's output", "class-map": "the class map before pooling"}


def erf_of_run(run: LoadedRun, layer: Layer = "features", clips: int | None = None, batch_size: int = 32) -> ErfMap:
    """Return the effective receptive field of a run over its unseen test clips.

    Parameters
    ----------
    clips
        Take at most so many, evenly spread; all where not given.

    Raises
    ------
    RunError
        If the run has no unseen test clip, or the map has no extent.
    """
    rows = run.unseen
    if clips is not None and clips < len(rows):
        rows = rows[np.linspace(0, len(rows) - 1, clips).round().astype(np.int64)]
    try:
        with progress(run.name, len(rows), "clips") as advance:
            batches = _counted(run.spectrograms(rows, batch_size), advance)
            erf = effective_receptive_field(penultimate(run.module.network, layer), batches)
        extent(erf, SHARES[0])
    except DataError as error:
        raise RunError(f"{run.name}, {layer}, {len(rows)} unseen test clips: {error}") from error
    return erf


def map_of(folder: RunFolder, prepared: PreparedSet, layer: Layer, accelerator: str) -> ErfMap:
    """Return the map of a finished run over all its unseen test clips, computed once and kept in its folder."""
    path = folder.map_file(layer)
    if not path.is_file():
        write_map(path, erf_of_run(load_run(folder, prepared, accelerator), layer))
    return read_map(path)


def title(run: LoadedRun) -> str:
    """Return a short name for a panel: the network and its seed."""
    network, damping = run.description.network, run.description.weights.damping
    kind = "base" if damping is None else f"damped ({damping:g})"
    return f"{kind} W={network.width} D={network.depth} K={network.pointwise_depth}, seed {run.description.seed}"


def extents_of(erf: ErfMap, features: FeatureSettings) -> dict[str, int | float]:
    """Return what was averaged, the maximum receptive field, and `mels_50`, `frames_50`, `seconds_50` and so on."""
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
    """Write a map as npz, whole or not at all."""
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(
            file,
            values=erf.values,
            first=np.array(erf.first),
            centre=np.array(erf.centre),
            maximum=np.array(erf.maximum),
            clips=np.array(erf.clips),
        )


def read_map(path: Path) -> ErfMap:
    """Read what `write_map` wrote.

    Raises
    ------
    RunError
        If it is missing or something else.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            first, centre, maximum = (_pair(file[name]) for name in ("first", "centre", "maximum"))
            return ErfMap(values=file["values"], first=first, centre=centre, maximum=maximum, clips=int(file["clips"]))
    except (OSError, EOFError, ValueError, KeyError, BadZipFile) as error:
        raise RunError(f"{path} holds no effective receptive field: {error}; compute it again") from error


def reading(features: FeatureSettings, layer: Layer, maps: Sequence[ErfMap]) -> str:
    """Say what pictures of maps show."""
    clips = " or ".join(f"{number:,}" for number in sorted({erf.clips for erf in maps}))
    frame = 1000 * features.hop_length / features.sample_rate
    return (
        f"{clips} unseen test clips. Mean absolute gradient of {WORDS[layer]} at its middle place, "
        "cropped to the maximum receptive field. "
        "Boxes: smallest centred intervals that hold 50 % (line) and 95 % (dashes) in frequency and in time. "
        f"A frame is {frame:.1f} ms."
    )
