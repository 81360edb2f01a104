"""Effective receptive fields of finished runs: `python -m asc.erf RUN... --data PREPARED --out MAPS`."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
import tyro

from asc.accelerator import choose_accelerator
from asc.loading import load_scenes
from asc.run_folder import finished_runs
from asc.scenes.maps import SUFFIXES, WORDS, erf_of_run, extents_of, reading, title, write_map
from common.command import run_command
from common.errors import ConfigError
from common.files import remove_stale_temporaries, write_text
from data_prep.features import FeatureSettings
from data_prep.storage import PreparedSet
from evaluation.erf import ErfMap, Layer
from evaluation.erf_plots import draw_maps
from evaluation.grids import Grid
from evaluation.style import house_style, write_figure
from evaluation.text import grid_text
from evaluation.writers import csv_text


@dataclass(frozen=True, kw_only=True)
class ErfOptions:
    """Compute the effective receptive field of a trained network's penultimate layer.

    It is the mean absolute gradient of the layer's centre with respect to the input over the unseen test clips, cropped
    to the maximum receptive field. It is written as arrays (npz), as a plot (png, pdf), and as the numbers of mel
    bands and frames that hold 50 % and 95 % of it (csv).
    """

    run: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="RUN")]
    """A run (seed-<n>), a configuration (<name>-<hash>: all its seeds) or a folder of configurations."""

    more: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="RUN ...")] = ()
    """More runs."""

    data: Path
    """Prepared set of the runs, or a folder that contains it."""

    out: Path
    """Output folder; existing maps of the same runs are replaced."""

    layer: Layer = "features"
    """Layer whose field is computed: the last block's output, or the class map before pooling."""

    clips: int | None = None
    """Number of unseen test clips, evenly spaced in the set's list (default: all)."""

    batch_size: int = 32
    """Clips per batch."""

    accelerator: Literal["auto", "cpu", "cuda"] = "auto"
    """Device."""

    def __post_init__(self) -> None:
        """Check numbers of clips."""
        for field in ("clips", "batch_size"):
            value = getattr(self, field)
            if value is not None and value < 1:
                raise ConfigError(field, value, "a whole number of at least 1")


def extents_table(maps: Sequence[tuple[str, ErfMap]], layer: Layer, features: FeatureSettings) -> pd.DataFrame:
    """Return a table with one row per map: its name, the layer and its `extents_of`."""
    return pd.DataFrame([{"run": name, "layer": layer} | extents_of(erf, features) for name, erf in maps])


def _picture(target: Path, maps: Sequence[tuple[str, ErfMap]], prepared: PreparedSet, layer: Layer) -> None:
    """Write a plot of maps as `target`.png and .pdf."""
    with house_style():
        runs = f"{len(maps)} run{'s' if len(maps) > 1 else ''}"
        footer = f"{prepared.folder.name}, {runs}; {reading(prepared.features, layer, [erf for _, erf in maps])}"
        write_figure(draw_maps(maps, footer=footer), target)


def _text(table: pd.DataFrame) -> str:
    """Return the extents as a table for the terminal."""
    headings = [
        "run",
        "clips",
        *(f"{unit} {s} %" for s in SUFFIXES for unit in ("bands", "frames", "s")),
    ]
    rows = []
    for row in table.to_dict("records"):
        cells = [[f"{row[f'mels_{s}']}", f"{row[f'frames_{s}']}", f"{row[f'seconds_{s}']:.2f}"] for s in SUFFIXES]
        rows.append([str(row["run"]), str(row["clips"]), *(cell for part in cells for cell in part)])
    note = "Smallest intervals around the receptive field's centre with this share of the mean absolute gradient."
    return grid_text(Grid("Effective receptive field, " + WORDS[table.layer.iloc[0]], headings, rows, note))


def map_runs(options: ErfOptions) -> None:
    """Compute, write and plot the maps of all runs; print their extents and the output folder."""
    if options.out.exists() and not options.out.is_dir():
        raise ConfigError("out", str(options.out), "a folder, or a path that does not exist")
    folders = finished_runs([options.run, *options.more])
    prepared = PreparedSet.open(options.data)
    accelerator = choose_accelerator(options.accelerator)
    remove_stale_temporaries(options.out)
    titled, named = [], []
    for folder in folders:
        run = load_scenes(folder, prepared, accelerator)
        erf = erf_of_run(run, options.layer, options.clips, options.batch_size)
        write_map(options.out / f"{run.name}-{options.layer}.npz", erf)
        titled.append((title(run.run), erf))
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
