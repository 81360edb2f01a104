"""A prepared set on disk: which files it has, what they declare about themselves, and what its identity is.

A set's folder `<name>-<hash12>` holds

- `manifest.json`: settings and the digests of what follows; written last
- `clips.csv`: one row per clip, in the order of the feature rows
- `split.json`: the set's default split; not part of its identity
- `devices.json`: what was measured of each device's recordings (see `data_prep.device_facts`); not part of its identity
- `features-00000.npy` and so on: float16 (clip, mel, frame), at most 8 MiB each
- `waveforms-00000.npy` and so on: int16 (clip, sample), where asked for
- `parts/00000.json` and so on: what was seen while making each shard; for resuming only
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from common.errors import AscError, ConfigError, DataError
from common.identity import digest, from_plain, plain
from data_prep.features import FeatureSettings
from data_prep.mixing import MEAN, check_channel
from data_prep.problems import Problem

SCHEMA = 1
MANIFEST, CLIPS, SPLIT, PARTS = "manifest.json", "clips.csv", "split.json", "parts"
LISTED = ("clip", "recording", "scene", "city", "location", "device", "kind", "fold")


@dataclass(frozen=True, kw_only=True)
class SetSettings:
    """Everything but the recordings that decides what a prepared set holds.

    Parameters
    ----------
    name
        What the set is: demo, simulated, or the layout that its lists were read with.
    seconds
        Length of every clip.
    fit
        Whether clips of other lengths were cropped or wrapped.
    waveforms
        Whether the resampled waveforms are kept beside the features.
    reference_device
        The device whose clips are of kind `reference`.
    origin
        SHA-256 of what the recordings were made from, where they were made here: other sounds may have the same sizes.
    channel
        What is used of a recording of several channels, see `data_prep.mixing.mix_down`.
    high_pass
        Corner in Hz of the filter that waveforms pass before their spectrogram, see `data_prep.filtering`; None for
        none.
    """

    name: str
    features: FeatureSettings
    seconds: float
    fit: bool
    waveforms: bool
    reference_device: str
    origin: str = ""
    channel: str = MEAN
    high_pass: float | None = None

    def __post_init__(self) -> None:
        check_channel(self.channel)
        half = self.features.sample_rate / 2
        if self.high_pass is not None and not 0 < self.high_pass < half:
            raise ConfigError("high_pass", self.high_pass, f"above 0 and below half the sample rate, {half:g} Hz")
        if not self.features.n_fft <= self.seconds * self.features.sample_rate < float("inf"):
            raise ConfigError("seconds", self.seconds, "a length of at least one analysis window")

    @property
    def samples(self) -> int:
        """Samples of a clip's waveform."""
        return round(self.seconds * self.features.sample_rate)

    @property
    def shape(self) -> tuple[int, int]:
        """Mel bands and frames of a clip's spectrogram."""
        return self.features.mels, self.features.frames(self.samples)


@dataclass(frozen=True, kw_only=True)
class Shard:
    """One pair of array files: how many clips, and the files' SHA-256 (`waveforms` is empty where none are kept)."""

    rows: int
    features: str
    waveforms: str


@dataclass(frozen=True, kw_only=True)
class Odd:
    """The clips whose files are odd in one way, though their samples are all there."""

    oddity: str
    clips: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a finished set declares about itself.

    `clips` is the SHA-256 of clips.csv, `fitted` counts the clips whose length was changed and how, `silent` the
    all-zero ones, `skipped` names what was left out and why, `odd` what is odd about files that were read.
    """

    schema: int
    identity: str
    settings: SetSettings
    scenes: tuple[str, ...]
    clips: str
    fitted: dict[str, int]
    silent: int
    skipped: tuple[Problem, ...]
    shards: tuple[Shard, ...]
    odd: tuple[Odd, ...] = ()


def features_file(folder: Path, number: int) -> Path:
    """Return the path of shard `number`'s spectrograms."""
    return folder / f"features-{number:05d}.npy"


def waveforms_file(folder: Path, number: int) -> Path:
    """Return the path of shard `number`'s waveforms."""
    return folder / f"waveforms-{number:05d}.npy"


def identify(settings: SetSettings, clips: pd.DataFrame) -> str:
    """Return the SHA-256 of settings, schema number, list rows (in order) and file sizes; no times, no folders."""
    rows = clips[[*LISTED, "bytes"]].to_csv(index=False, lineterminator="\n")
    return digest({"schema": SCHEMA, "settings": settings, "rows": hashlib.sha256(rows.encode()).hexdigest()})


def sealed(manifest: Manifest) -> dict[str, Any]:
    """Return the manifest's JSON form together with its own digest, so that no edit of it goes unnoticed."""
    return {**plain(manifest), "digest": digest(manifest)}


def read_manifest(folder: Path) -> Manifest:
    """Read and check manifest.json.

    Raises
    ------
    DataError
        If there is none (the set is not finished), or it was damaged, or another version wrote it.
    """
    path = folder / MANIFEST
    try:
        value = json.loads(path.read_bytes())
        if value["schema"] != SCHEMA:
            raise DataError(f"schema {value['schema']!r} where this version reads {SCHEMA}")
        seal = value.pop("digest")
        manifest = from_plain(Manifest, value)
        if digest(manifest) != seal:
            raise DataError("its contents contradict its digest")
    except FileNotFoundError as error:
        raise DataError(f"{folder} is not a finished prepared set: {MANIFEST} is missing; prepare it again") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, AscError) as error:
        raise DataError(f"{path} cannot be used: {error}; prepare the set again") from error
    return manifest
