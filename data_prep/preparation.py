"""Preparation of a planned set: computing its shards in parallel, then writing its tables and, last, the manifest."""

import hashlib
import os
import random
import shutil
from pathlib import Path
from typing import Literal

import pandas as pd

from common.errors import AscError
from common.files import as_json, remove_stale_temporaries, write_text
from common.identity import plain
from common.progress import progress
from data_prep.device_facts import DEVICES, aggregate, as_plain
from data_prep.irregularities import group_by_irregularity
from data_prep.manifest import CLIPS, MANIFEST, PARTS, SCHEMA, SPLIT, IrregularFiles, Manifest, Shard, identify, sealed
from data_prep.planning import Plan, clip_bytes
from data_prep.problems import Problem, Problems
from data_prep.shard_files import ShardNote, ShardTask, is_finished, read_part
from data_prep.shards import make_shard
from data_prep.splits import SplitSettings, make_split
from data_prep.storage import PreparedSet
from data_prep.workers import for_each


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
    records = [record for part in parts for record in part.records]
    problems = [*plan.problems, *(problem for part in parts for problem in part.problems)]
    columns = pd.DataFrame(map(vars, records), columns=["clip", "sha256", "fitted", "silent", "scale"])
    clips = plan.clips.merge(columns, on="clip", validate="one_to_one")
    make_split(clips, split)
    table = clips.to_csv(index=False, lineterminator="\n")
    declared = hashlib.sha256(table.encode()).hexdigest()
    facts = aggregate(clips, [record.measurement for record in records], plan.settings.features, declared)
    irregular = group_by_irregularity((record.clip, record.irregularities) for record in records)
    manifest = Manifest(
        schema=SCHEMA,
        identity=identify(plan.settings, clips),
        settings=plan.settings,
        scenes=tuple(sorted(set(clips["scene"]))),
        clips=declared,
        fitted={str(how): int(count) for how, count in clips["fitted"].value_counts().items() if how},
        silent=int(clips["silent"].sum()),
        skipped=tuple(Problems(problems).problems),
        irregular=tuple(
            IrregularFiles(irregularity=irregularity, clips=tuple(names)) for irregularity, names in irregular.items()
        ),
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
