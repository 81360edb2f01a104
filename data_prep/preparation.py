"""Preparation of a data set: planning from the lists, computing shards in parallel, writing the manifest last."""

import hashlib
import os
import random
import shutil
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

import pandas as pd

from common.errors import AscError, DataError
from common.files import as_json, remove_stale_temporaries, write_text
from common.identity import from_plain, plain
from common.progress import progress
from data_prep.containers.acceptance import Acceptance
from data_prep.device_facts import DEVICES, aggregate, as_plain
from data_prep.features import FeatureSettings
from data_prep.layouts import Layout
from data_prep.lengths import commonest_seconds, unusable
from data_prep.listing import MADE, Reading
from data_prep.manifest import (
    CLIPS,
    MANIFEST,
    PARTS,
    SCHEMA,
    SPLIT,
    Manifest,
    Odd,
    SetSettings,
    Shard,
    identify,
    sealed,
)
from data_prep.metadata import read_clips
from data_prep.mixing import MEAN
from data_prep.oddities import group_by_oddity
from data_prep.problems import Problem, Problems
from data_prep.shards import Record, ShardNote, ShardTask, is_finished, make_shard, read_part
from data_prep.splits import SplitSettings, make_split
from data_prep.storage import PreparedSet
from data_prep.workers import for_each

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


def prepare(plan: Plan, split: SplitSettings, *, workers: int, on_error: Literal["stop", "skip"]) -> PreparedSet:
    """Compute the missing shards of a planned set, write its manifest, and open it.

    Parameters
    ----------
    plan
        The plan; see `plan_set`.
    split
        Default split of the set, which must be possible with its clips.
    workers
        Number of processes; the result does not depend on it.
    on_error
        If clips cannot be used: `stop` checks all recordings and writes no manifest, `skip` leaves the clips out.

    Raises
    ------
    Problems
        With `stop`, if lists or recordings have errors.
    DataError
        If the split is impossible.
    AscError
        If the disk is full or a worker was killed.
    """
    if on_error == "skip" or not plan.problems:
        make_split(plan.clips, split)  # fails before the computation rather than after it
    tasks = plan.tasks(on_error)
    _remove_temporaries(plan.folder)
    problems = [*plan.problems, *_make_shards(plan, tasks, workers)]
    if problems and on_error == "stop":
        raise Problems(problems)
    _remove_temporaries(plan.folder)
    _publish(plan, tasks, split)
    return PreparedSet.open(plan.folder)


def _remove_temporaries(folder: Path) -> None:
    for place in (folder, folder / PARTS):
        remove_stale_temporaries(place)


def _make_shards(plan: Plan, tasks: list[ShardTask], workers: int) -> list[Problem]:
    """Compute the unfinished shards; return the problems of their clips."""
    missing = [task for task in tasks if not is_finished(task)]
    if not missing:
        return []
    clips = sum(len(task.clips) for task in missing)
    if missing[0].mode != "look":
        _check_space(plan.folder, clips * clip_bytes(plan.settings))
    # The order is random per process, so that two processes preparing the same set share the work.
    random.Random(os.getpid()).shuffle(missing)  # noqa: S311
    problems: list[Problem] = []
    with progress("preparing", len(plan.clips), "clips") as advance:
        advance(len(plan.clips) - clips, counts=False)

        def done(task: ShardTask, found: list[Problem]) -> None:
            problems.extend(found)
            advance(len(task.clips))

        for_each(make_shard, missing, workers, done)
    return problems


def _check_space(folder: Path, needed: int) -> None:
    place = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(place).free
    if needed > free:
        raise AscError(f"{folder} needs {needed} bytes more, {free} are free; free some or name another --out")


def _publish(plan: Plan, tasks: list[ShardTask], split: SplitSettings) -> None:
    parts = [_part(task) for task in tasks]
    columns = [field.name for field in fields(Record) if field.name != "oddities"]
    records = pd.DataFrame([vars(record) for part in parts for record in part.records], columns=columns)
    problems = [*plan.problems, *(problem for part in parts for problem in part.problems)]
    clips = plan.clips.merge(records, on="clip", validate="one_to_one")
    make_split(clips, split)
    table = clips.to_csv(index=False, lineterminator="\n")
    declared = hashlib.sha256(table.encode()).hexdigest()
    measurements = [measurement for part in parts for measurement in part.measurements]
    facts = aggregate(clips, measurements, plan.settings.features, declared)
    odd = group_by_oddity((record.clip, record.oddities) for part in parts for record in part.records)
    manifest = Manifest(
        schema=SCHEMA,
        identity=identify(plan.settings, clips),
        settings=plan.settings,
        scenes=tuple(sorted(set(clips["scene"]))),
        clips=declared,
        fitted={str(how): int(count) for how, count in clips["fitted"].value_counts().items() if how},
        silent=int(clips["silent"].sum()),
        skipped=tuple(Problems(problems).problems),
        odd=tuple(Odd(oddity=oddity, clips=tuple(names)) for oddity, names in odd.items()),
        shards=tuple(Shard(rows=len(p.records), features=p.features, waveforms=p.waveforms) for p in parts),
    )
    _write(plan.folder / DEVICES, as_json(as_plain(facts)))
    _write(plan.folder / CLIPS, table)
    _write(plan.folder / SPLIT, as_json(plain(split)))
    _write(plan.folder / MANIFEST, as_json(sealed(manifest)))


def _part(task: ShardTask) -> ShardNote:
    part = read_part(task)
    if part is None:
        raise AscError(f"{task.note} or its arrays vanished while the set was made; run the same command again")
    return part


def _write(path: Path, text: str) -> None:
    """Write a file unless it has this content already, because a finished set may be on a read-only disk."""
    if not path.is_file() or path.read_bytes() != text.encode():
        write_text(path, text)
