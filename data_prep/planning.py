"""Planning of a prepared set: settings, clips, identity and folder, determined from the lists of a data set."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from common.errors import DataError
from common.identity import from_plain, plain
from data_prep.containers.acceptance import Acceptance
from data_prep.features import FeatureSettings
from data_prep.layouts import Layout
from data_prep.lengths import commonest_seconds, unusable
from data_prep.listing import MADE, Reading
from data_prep.manifest import SetSettings, identify
from data_prep.metadata import read_clips
from data_prep.mixing import MEAN
from data_prep.problems import Problem, Problems
from data_prep.shard_files import ShardTask

SHARD_BYTES = 8 * 2**20  # of features, independent of the number of workers


@dataclass(frozen=True)
class Plan:
    """Plan of a prepared set.

    Attributes
    ----------
    root, folder
        Folders of the recordings and of the prepared set.
    settings
        Settings of the set.
    clips
        The valid rows of the lists, with the column `bytes`, the file size.
    problems, warnings
        Problems and warnings about the lists.
    accept
        Accepted irregularities of recordings.
    """

    root: Path
    folder: Path
    settings: SetSettings
    clips: pd.DataFrame
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]
    accept: Acceptance

    def tasks(self, on_error: Literal["stop", "skip"]) -> list[ShardTask]:
        """Return the shards to compute. If errors in the lists prevent a set, the recordings are only checked."""
        rows = max(1, SHARD_BYTES // feature_bytes(self.settings))
        names, sizes = self.clips["clip"].tolist(), self.clips["bytes"].tolist()
        return [
            ShardTask(
                root=self.root,
                folder=self.folder,
                number=number,
                settings=self.settings,
                clips=tuple(names[first : first + rows]),
                sizes=tuple(sizes[first : first + rows]),
                accept=self.accept,
                mode="look" if on_error == "stop" and self.problems else on_error,
            )
            for number, first in enumerate(range(0, len(names), rows))
        ]


def feature_bytes(settings: SetSettings) -> int:
    """Return the size of one clip's spectrogram on disk in bytes."""
    mels, frames = settings.shape
    return mels * frames * 2


def clip_bytes(settings: SetSettings) -> int:
    """Return the size of one clip's arrays on disk in bytes: spectrogram and, if kept, waveform."""
    return feature_bytes(settings) + settings.samples * 2 * settings.waveforms


def plan_set(
    root: Path,
    layout: Layout,
    out: Path,
    *,
    name: str | None = None,
    seconds: float | None = None,
    fit: bool = False,
    waveforms: bool = False,
    reference_device: str = "a",
    features: FeatureSettings | None = None,
    channel: str = MEAN,
    high_pass: float | None = None,
    accept: Acceptance | None = None,
    reading: Reading | None = None,
) -> Plan:
    """Read the lists of a data set and determine the settings, clips, identity and folder of the prepared set.

    Parameters
    ----------
    root
        Folder of meta.csv or of class folders.
    layout
        Layout of the data set.
    out
        Parent folder of the prepared set.
    name
        Name of the set; by default the layout's name.
    seconds
        Length of clips; by default the layout's, or the commonest length found.
    fit, waveforms, reference_device, features, channel, high_pass
        Settings of the set; see `SetSettings`.
    accept
        Accepted irregularities of recordings; see `read_recording`.
    reading
        How cities and devices are read if the lists do not define them.

    Raises
    ------
    DataError, ConfigError
        If the lists contain no usable clip, or a setting is not allowed.
    """
    clips, problems, warnings = read_clips(root, layout, reference_device, reading=reading)
    accept = accept or Acceptance()
    length = seconds or layout.seconds or commonest_seconds(root, clips["clip"], accept)
    if clips.empty or length is None:
        raise Problems([*problems, *unusable(root, clips["clip"], accept)])
    settings = SetSettings(
        name=name or layout.name,
        features=features or FeatureSettings(),
        seconds=length,
        fit=fit,
        waveforms=waveforms,
        reference_device=reference_device,
        channel=channel,
        high_pass=high_pass,
        origin=hashlib.sha256((root / MADE).read_bytes()).hexdigest() if (root / MADE).is_file() else "",
    )
    clips["bytes"] = [_size(root / clip) for clip in clips["clip"]]
    settings = from_plain(SetSettings, plain(settings))  # converts a length of 10 to 10.0
    folder = out / f"{settings.name}-{identify(settings, clips)[:12]}"
    return Plan(root, folder, settings, clips, tuple(problems), tuple(warnings), accept)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
