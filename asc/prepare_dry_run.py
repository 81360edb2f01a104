"""`python -m asc.prepare --dry-run`: print the content, disk space and time of a set without preparing it."""

import sys
import time
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path

import pandas as pd

from asc.prepare_options import PrepareOptions
from common.identity import digest
from data_prep.demo_set import demo_origin, plan_demo
from data_prep.estimate import making_pace, reading_pace, unmade
from data_prep.lengths import commonest_seconds
from data_prep.listing import META, read_listing
from data_prep.making import Take
from data_prep.manifest import SetSettings
from data_prep.metadata import read_clips
from data_prep.planning import clip_bytes, feature_bytes
from data_prep.problems import Problem, Problems
from data_prep.simulated_set import name_devices, plan_simulated, simulated_origin
from data_prep.splits import SplitSettings, count_table, make_split
from data_prep.synthesis.signals import LENGTH, RATE

_ASSUMED_SECONDS = 10.0
_NAMED = 20
_PLURALS = {"scene": "scenes", "city": "cities", "location": "locations", "device": "devices"}


def warn(warnings: Iterable[str]) -> None:
    """Print warnings on standard error."""
    for warning in warnings:
        print(f"warning: {warning}", file=sys.stderr)


def made_set(options: PrepareOptions) -> tuple[Path, list[Take]]:
    """Return the folder of the generated recordings of a demo or simulated set, and the recordings."""
    recordings, responses = options.recordings, options.responses
    origin: object
    if recordings is None or responses is None:
        origin, takes = demo_origin(), plan_demo()
    else:
        devices = name_devices(responses)
        takes = plan_simulated(recordings, devices, options.reference_device, options.reading)
        origin = simulated_origin(recordings, devices, takes, options.channel)
    return options.out / f"recordings-{options.dataset}-{digest(origin)[:12]}", takes


def describe(clips: pd.DataFrame, seconds: float, split: SplitSettings) -> None:
    """Print the numbers of clips, scenes, cities, locations and devices of a set, and its default split."""
    counts = {what: clips[what].nunique() for what in _PLURALS}
    said = ", ".join(f"{count} {what if count == 1 else _PLURALS[what]}" for what, count in counts.items())
    print(f"{len(clips)} clips of {seconds:g} s: {said}; split {split.rule}")
    print(count_table(clips, make_split(clips, split)).to_string())


def describe_cities(options: PrepareOptions, clips: pd.DataFrame) -> None:
    """Print the cities of own recordings and where they were read, because wrong cities cause a wrong split."""
    root = options.root if options.dataset == "folder" else options.recordings
    if root is not None and (root == options.root or (root / META).is_file()):
        how = read_listing(root, options.layout, options.reading).cities
        print(f"cities ({how}): {shortened(sorted(set(clips['city'])))}")


def shortened(names: Sequence[str]) -> str:
    """Return the first twenty names in one line, and the number of the others."""
    return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")


def _listed(options: PrepareOptions) -> tuple[pd.DataFrame, list[Problem], float | None]:
    """Return clips table, problems of the lists, and length of clips (if known) of existing recordings."""
    assert options.root is not None  # noqa: S101 - the caller looked
    clips, problems, warnings = read_clips(
        options.root, options.layout, options.reference_device, check_files=False, reading=options.reading
    )
    warn(warnings)
    return clips, problems, options.layout.seconds or commonest_seconds(options.root, clips["clip"], options.accept)


def _planned(options: PrepareOptions, takes: list[Take]) -> tuple[pd.DataFrame, list[Problem], float | None]:
    """Return clips table, problems (none), and length of clips (if known) of recordings to be generated."""
    rows = [
        (take.clip(device), take.scene, take.identifier.rpartition("-")[0], take.identifier, device, "")
        for take in takes
        for device in take.devices
    ]
    clips = pd.DataFrame(rows, columns=["clip", "scene", "city", "location", "device", "fold"])
    if options.recordings is None:
        return clips, [], LENGTH / RATE
    return clips, [], commonest_seconds(options.recordings, [take.source for take in takes], options.accept)


def dry_run(options: PrepareOptions) -> None:
    """Print the content, disk space and time of the set.

    Raises
    ------
    Problems
        If the lists have errors; raised after the output was printed.
    """
    root, takes = (options.root, []) if options.root is not None else made_set(options)
    clips, problems, listed = _planned(options, takes) if takes else _listed(options)
    seconds = options.seconds or listed
    if seconds is None:
        seconds = _ASSUMED_SECONDS
        warn([f"there are no recordings to measure; clips of {seconds:g} s are assumed, --seconds sets another length"])
    settings = SetSettings(name=options.dataset, seconds=seconds, **options.set_settings)
    describe(clips, seconds, options.default_split)
    describe_cities(options, clips)
    features = len(clips) * feature_bytes(settings) / 1e9
    waveforms = len(clips) * clip_bytes(settings) / 1e9 - features
    print(f"disk: {features:.2f} GB of features" + f", {waveforms:.2f} GB of waveforms" * options.waveforms)
    _tell_time(options, settings, root, unmade(takes, root), clips["clip"].tolist())
    if problems:
        raise Problems(problems)


def _tell_time(options: PrepareOptions, settings: SetSettings, root: Path, takes: list[Take], clips: list[str]) -> None:
    """Print the estimated time, measured on a sample of recordings and clips."""
    start, workers = time.process_time(), options.processes  # preparing starts with the steps done so far
    parts = []
    making = 0.0
    if takes:
        pace = making_pace(takes, options.recordings, options.responses, workers)
        making = pace.seconds(len(takes))
        parts.append(f"{_words(making)} to make {len(takes)} recordings, at {1 / pace.each:.1f} a second")
    pace, what = reading_pace(root, clips, settings, options.accept, workers)
    reading = pace.seconds(len(clips))
    parts.append(f"{_words(reading)} to read and transform {len(clips)} clips, at {1 / pace.each:.0f} a second")
    total = _words(start + making + reading)
    print(f"time: about {total} with {workers} workers: {'; '.join(parts)}, measured on {what}")


def _words(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))
