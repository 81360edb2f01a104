"""From finished runs to their effective receptive fields: `python -m asc.erf RUN... --data PREPARED --out MAPS`."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal
from zipfile import BadZipFile

import numpy as np
import pandas as pd
import tyro
from numpy.typing import NDArray
from torch import Tensor

from asc.allocator import keep_freed_memory
from asc.loading import LoadedRun, finished_runs, load_run
from asc.training import choose_accelerator
from common.command import run_command
from common.errors import ConfigError, DataError, RunError
from common.files import atomic_path, remove_stale_temporaries, write_text
from common.progress import Advance, progress
from data_prep.features import FeatureSettings
from data_prep.storage import PreparedSet
from evaluation.erf import ErfMap, Layer, effective_receptive_field, extent, penultimate
from evaluation.erf_plots import draw_maps
from evaluation.grids import Grid
from evaluation.style import house_style, saved
from evaluation.text import grid_text
from evaluation.writers import csv_text

SHARES = (0.5, 0.95)
_SUFFIXES = tuple(f"{100 * share:g}" for share in SHARES)
_WORDS: dict[Layer, str] = {"features": "the last block's output", "class-map": "the class map before pooling"}
_FORMS: tuple[Literal["png", "pdf"], ...] = ("png", "pdf")


@dataclass(frozen=True, kw_only=True)
class ErfOptions:
    """Map how strongly each place of the input moves the middle of a trained network's penultimate layer.

    The mean absolute gradient over the unseen test clips, cropped to the maximum receptive field, as numbers (npz), as
    a picture (png, pdf), and by how many mel bands and frames hold 50 % and 95 % of it (csv).
    """

    run: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="RUN")]
    """A run (seed-<n>), a configuration (<name>-<hash>: all its seeds) or a folder of configurations."""

    more: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="RUN ...")] = ()
    """More of them."""

    data: Path
    """Prepared set that the runs were trained on, or a folder holding one."""

    out: Path
    """Folder of the maps; earlier maps of the same runs are replaced."""

    layer: Layer = "features"
    """Which layer is the penultimate one: the last block's output, or the class map before pooling."""

    clips: int | None = None
    """Take only so many unseen test clips, evenly spread over the set's list (default: all)."""

    batch_size: int = 32
    """Clips computed at once."""

    accelerator: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to compute."""

    def __post_init__(self) -> None:
        """Check the numbers."""
        for field in ("clips", "batch_size"):
            value = getattr(self, field)
            if value is not None and value < 1:
                raise ConfigError(field, value, "a whole number of at least 1")


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


def title(run: LoadedRun) -> str:
    """Return a short name for a panel: the network and its seed."""
    network, damping = run.description.network, run.description.weights.damping
    kind = "base" if damping is None else f"damped ({damping:g})"
    return f"{kind} W={network.width} D={network.depth} K={network.pointwise_depth}, seed {run.description.seed}"


def extents_table(maps: Sequence[tuple[str, ErfMap]], layer: Layer, features: FeatureSettings) -> pd.DataFrame:
    """Return one row per map: what was averaged, and `mels_50`, `frames_50`, `seconds_50` and so on."""
    hop = features.hop_length / features.sample_rate
    rows = []
    for name, erf in maps:
        row: dict[str, str | int | float] = {"run": name, "layer": layer, "clips": erf.clips}
        row |= {"receptive_mels": erf.maximum[0], "receptive_frames": erf.maximum[1]}
        for share, suffix in zip(SHARES, _SUFFIXES, strict=True):
            held = extent(erf, share)
            row |= {f"mels_{suffix}": held.mels, f"frames_{suffix}": held.frames}
            row |= {f"seconds_{suffix}": held.frames * hop}
        rows.append(row)
    return pd.DataFrame(rows)


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


def footer(prepared: PreparedSet, layer: Layer, maps: Sequence[ErfMap]) -> str:
    """Return what a reader must know of a picture."""
    clips = " or ".join(f"{number:,}" for number in sorted({erf.clips for erf in maps}))
    frame = 1000 * prepared.features.hop_length / prepared.features.sample_rate
    return (
        f"{prepared.folder.name}, {clips} unseen test clips, {len(maps)} run{'s' if len(maps) > 1 else ''}. "
        f"Mean absolute gradient of {_WORDS[layer]} at its middle place, cropped to the maximum receptive field. "
        "Boxes: smallest centred intervals that hold 50 % (line) and 95 % (dashes) in frequency and in time. "
        f"A frame is {frame:.1f} ms."
    )


def _picture(target: Path, maps: Sequence[tuple[str, ErfMap]], prepared: PreparedSet, layer: Layer) -> None:
    """Write a picture as `target`.png and .pdf."""
    with house_style():
        figure = draw_maps(maps, footer=footer(prepared, layer, [erf for _, erf in maps]))
        for form in _FORMS:
            with atomic_path(target.with_name(f"{target.name}.{form}")) as temporary:
                temporary.write_bytes(saved(figure, form))


def _text(table: pd.DataFrame) -> str:
    """Lay the extents out for the terminal."""
    headings = [
        "run",
        "clips",
        *(f"{unit} {s} %" for s in _SUFFIXES for unit in ("bands", "frames", "s")),
    ]
    rows = []
    for row in table.to_dict("records"):
        cells = [[f"{row[f'mels_{s}']}", f"{row[f'frames_{s}']}", f"{row[f'seconds_{s}']:.2f}"] for s in _SUFFIXES]
        rows.append([str(row["run"]), str(row["clips"]), *(cell for part in cells for cell in part)])
    note = "Smallest intervals about the centre of the receptive field that hold so much of the mean absolute gradient."
    return grid_text(Grid("Effective receptive field, " + _WORDS[table.layer.iloc[0]], headings, rows, note))


def map_runs(options: ErfOptions) -> None:
    """Compute, write and draw the map of every run; print the extents and, last, the folder."""
    if options.out.exists() and not options.out.is_dir():
        raise ConfigError("out", str(options.out), "a folder, or a name that is not taken")
    folders = finished_runs([options.run, *options.more])
    prepared = PreparedSet.open(options.data)
    accelerator = choose_accelerator(options.accelerator)
    if accelerator == "cpu":
        keep_freed_memory()
    remove_stale_temporaries(options.out)
    titled, named = [], []
    for folder in folders:
        run = load_run(folder, prepared, accelerator)
        erf = erf_of_run(run, options.layer, options.clips, options.batch_size)
        write_map(options.out / f"{run.name}-{options.layer}.npz", erf)
        titled.append((title(run), erf))
        named.append((run.name, erf))
        _picture(options.out / f"{run.name}-{options.layer}", titled[-1:], prepared, options.layer)
    if len(titled) > 1:
        _picture(options.out / f"maps-{options.layer}", titled, prepared, options.layer)
    table = extents_table(named, options.layer, prepared.features)
    write_text(options.out / f"extents-{options.layer}.csv", csv_text(table))
    print(_text(table), end="\n\n")
    print(options.out)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(ErfOptions, map_runs, arguments)


if __name__ == "__main__":
    sys.exit(main())
