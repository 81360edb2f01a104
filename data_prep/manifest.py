"""Files, manifest and identity of a prepared set.

A set's folder `<name>-<hash12>` contains

- `manifest.json`: settings, and digests of the files below; written last
- `clips.csv`: one row per clip, in the order of the feature rows
- `split.json`: the default split; not part of the set's identity
- `devices.json`: facts about each device (see `data_prep.device_facts`); not part of the set's identity
- `features-00000.npy` etc.: float16 (clip, mel, frame), at most 8 MiB each
- `waveforms-00000.npy` etc.: int16 (clip, sample), if waveforms are kept
- `parts/00000.json` etc.: records of each shard, used for resuming only
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
    """Settings that determine the content of a prepared set together with the recordings.

    Parameters
    ----------
    name
        Name of the set: demo, simulated, or the layout of its lists.
    features
        Settings of the spectrograms.
    seconds
        Length of every clip.
    fit
        Whether clips of other lengths are cropped or repeated.
    waveforms
        Whether the resampled waveforms are stored beside the features.
    reference_device
        Device whose clips are of kind `reference`.
    origin
        SHA-256 of the inputs of generated recordings; "" for other recordings. File sizes do not identify generated
        recordings, because different versions may have the same sizes.
    channel
        Channel used of recordings with several channels; see `data_prep.mixing.mix_down`.
    high_pass
        Corner frequency in Hz of the high-pass filter (see `data_prep.filtering`); None for no filter.
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
        """Number of samples of a clip's waveform."""
        return round(self.seconds * self.features.sample_rate)

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of a clip's spectrogram, (mels, frames)."""
        return self.features.mels, self.features.frames(self.samples)


@dataclass(frozen=True, kw_only=True)
class Shard:
    """A pair of array files: number of clips, and SHA-256 of the files (`waveforms` is "" if none are stored)."""

    rows: int
    features: str
    waveforms: str


@dataclass(frozen=True, kw_only=True)
class IrregularFiles:
    """The clips whose files have one kind of irregularity; see `data_prep.containers.container.Irregularity`."""

    irregularity: str
    clips: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """Manifest of a finished prepared set.

    Attributes
    ----------
    schema
        Version of the format.
    identity
        SHA-256 of settings, list rows and file sizes; see `identify`.
    settings
        Settings of the set.
    scenes
        Names of the scenes, sorted.
    clips
        SHA-256 of clips.csv.
    fitted
        Number of clips whose length was changed, by kind of change; see `data_prep.recording.fit_length`.
    silent
        Number of clips with only zeros.
    skipped
        Problems of the recordings that were left out.
    shards
        The array files.
    irregular
        Irregular files that were read.
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
    irregular: tuple[IrregularFiles, ...] = ()


def features_file(folder: Path, number: int) -> Path:
    """Return the path of shard `number`'s spectrograms."""
    return folder / f"features-{number:05d}.npy"


def waveforms_file(folder: Path, number: int) -> Path:
    """Return the path of shard `number`'s waveforms."""
    return folder / f"waveforms-{number:05d}.npy"


def identify(settings: SetSettings, clips: pd.DataFrame) -> str:
    """Return the SHA-256 of settings, schema number, list rows (in order) and file sizes, without times and folders."""
    rows = clips[[*LISTED, "bytes"]].to_csv(index=False, lineterminator="\n")
    return digest({"schema": SCHEMA, "settings": settings, "rows": hashlib.sha256(rows.encode()).hexdigest()})


def sealed(manifest: Manifest) -> dict[str, Any]:
    """Return the manifest as JSON-serialisable values together with its digest, by which changes are detected."""
    return {**plain(manifest), "digest": digest(manifest)}


def read_manifest(folder: Path) -> Manifest:
    """Read and check manifest.json.

    Raises
    ------
    DataError
        If it is missing (the set is not finished) or damaged, or was written by another version.
    """
    path = folder / MANIFEST
    try:
        value = json.loads(path.read_bytes())
        if value["schema"] != SCHEMA:
            raise DataError(f"schema {value['schema']!r} where this version reads {SCHEMA}")
        seal = value.pop("digest")
        manifest = from_plain(Manifest, value)
        if digest(manifest) != seal:
            raise DataError("its contents do not match its digest")
    except FileNotFoundError as error:
        raise DataError(f"{folder} is not a finished prepared set: {MANIFEST} is missing; prepare it again") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, AscError) as error:
        raise DataError(f"{path} cannot be used: {error}; prepare the set again") from error
    return manifest
