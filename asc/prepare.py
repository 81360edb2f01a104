"""`python -m asc.prepare`: recordings to a prepared set, which training and evaluation read.

Results go to standard output, the set's folder alone on its last line; progress and warnings to standard error.
"""

import sys
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path

import pandas as pd

from asc.device_report import report_devices
from asc.prepare_options import Options
from common.command import run_command
from common.identity import digest
from data_prep.demo_set import demo_origin, make_demo, plan_demo
from data_prep.download import fetch
from data_prep.estimate import seconds_per_clip
from data_prep.features import FeatureSettings
from data_prep.lengths import commonest_seconds
from data_prep.making import Take
from data_prep.manifest import MANIFEST, SetSettings
from data_prep.metadata import META, Problem, Problems, read_clips
from data_prep.preparation import clip_bytes, feature_bytes, plan_set, prepare
from data_prep.remotes import RELEASES
from data_prep.simulated_set import make_simulated, name_devices, plan_simulated, simulated_origin
from data_prep.splits import SplitSettings, count_table, make_split
from data_prep.storage import PreparedSet
from data_prep.synthesis.signals import LENGTH, RATE
from data_prep.verification import verify

_ASSUMED_SECONDS = 10.0


def _warn(warnings: Iterable[str]) -> None:
    for warning in warnings:
        print(f"warning: {warning}", file=sys.stderr)


def _made(options: Options) -> tuple[Path, list[Take], Path | None]:
    """Return the folder of recordings that are made here, what they are, and the folder of those they are made from."""
    recordings, responses = options.recordings, options.responses
    origin: object
    if recordings is None or responses is None:
        origin, takes = demo_origin(), plan_demo()
    else:
        devices = name_devices(responses)
        takes = plan_simulated(recordings, devices, options.reference_device)
        origin = simulated_origin(recordings, devices, takes)
    return options.out / f"recordings-{options.dataset}-{digest(origin)[:12]}", takes, recordings


def _recordings(options: Options) -> Path:
    """Return the folder of the recordings, after making or fetching what is to be made or fetched."""
    if options.root is None:
        root = _made(options)[0]
        if options.recordings is None or options.responses is None:
            make_demo(root, options.processes)
        else:
            source = options.reference_device
            make_simulated(options.recordings, options.responses, root, options.processes, source=source)
            for device, response in name_devices(options.responses).items():
                print(f"device {device} is {response.name}")
            if not (options.recordings / META).is_file():
                print("cities are dealt out to the recordings: they are names, not places")
        return root
    if options.download:
        release = RELEASES[options.dataset]
        print(release.licence, file=sys.stderr)
        fetch(release.remotes, options.root, strip=f"{release.folder}/")
    return options.root


def _describe(clips: pd.DataFrame, seconds: float, split: SplitSettings) -> None:
    """Print what a set holds and how its default split deals it out."""
    counts = {what: clips[what].nunique() for what in ("scene", "city", "location", "device")}
    said = ", ".join(f"{count} {what}s".replace("citys", "cities") for what, count in counts.items())
    print(f"{len(clips)} clips of {seconds:g} s: {said}; split {split.rule}")
    print(count_table(clips, make_split(clips, split)).to_string())


def _list_clips(options: Options) -> tuple[pd.DataFrame, list[Problem], float | None]:
    """Return the clips table by the lists alone, what is wrong with these, and the length if it can be known."""
    if options.root is not None:
        clips, problems, warnings = read_clips(
            options.root, options.layout, options.reference_device, check_files=False
        )
        _warn(warnings)
        return clips, problems, options.layout.seconds or commonest_seconds(options.root, clips["clip"], options.accept)
    _, takes, sources = _made(options)
    rows = [
        (take.clip(device), take.scene, take.identifier.rpartition("-")[0], take.identifier, device, "")
        for take in takes
        for device in take.devices
    ]
    clips = pd.DataFrame(rows, columns=["clip", "scene", "city", "location", "device", "fold"])
    seconds = commonest_seconds(sources, [take.source for take in takes], options.accept) if sources else LENGTH / RATE
    return clips, [], seconds


def _dry_run(options: Options) -> None:
    """Print what would be made, by the lists alone."""
    clips, problems, listed = _list_clips(options)
    seconds = options.seconds or listed
    if seconds is None:
        seconds = _ASSUMED_SECONDS
        _warn([f"no recording is there to be measured; {seconds:g} s assumed, --seconds says otherwise"])
    settings = SetSettings(
        name=options.dataset,
        features=FeatureSettings(),
        seconds=seconds,
        fit=options.fit,
        waveforms=options.waveforms,
        reference_device=options.reference_device,
        channel=options.channel,
        high_pass=options.high_pass,
    )
    _describe(clips, seconds, options.default_split)
    features = len(clips) * feature_bytes(settings) / 1e9
    waveforms = len(clips) * clip_bytes(settings) / 1e9 - features
    print(f"disk: {features:.2f} GB of features" + f", {waveforms:.2f} GB of waveforms" * options.waveforms)
    each = seconds_per_clip(settings)
    time = timedelta(seconds=round(len(clips) * each / options.processes))
    basis = f"24-bit noise of {seconds:g} s at 44.1 kHz, which one core of this machine just read and transformed"
    print(f"time: {time} with {options.processes} workers, by {each * 1e3:.1f} ms a clip for {basis}")
    if problems:
        raise Problems(problems)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:10]) + ", ..." * (len(names) > 10)


def _report(prepared: PreparedSet, root: Path, options: Options) -> None:
    manifest = prepared.manifest
    _describe(prepared.clips, prepared.seconds, prepared.split_defaults)
    for how, count in manifest.fitted.items():
        if how in ("cropped", "wrapped"):
            print(f"{count} of other lengths: {how}")
    silent = prepared.clips["clip"][prepared.clips["silent"]].tolist()
    if silent:
        _warn([f"{len(silent)} clips hold nothing but zeros: {_some(silent)}"])
    _warn(f"{len(odd.clips)} files: {odd.oddity}: {_some(odd.clips)}" for odd in manifest.odd)
    if manifest.skipped:
        _warn([f"left out of the set: {Problems(manifest.skipped)}"])
        print(f"{len(manifest.skipped)} problems; what they concern was left out")
    report_devices(prepared, root, page=options.report, workers=options.processes)
    print(prepared.folder)


def _prepare(options: Options) -> None:
    if options.dry_run:
        _dry_run(options)
        return
    root = _recordings(options)
    plan = plan_set(
        root,
        options.layout,
        options.out,
        name=options.dataset,
        seconds=options.seconds,
        fit=options.fit,
        waveforms=options.waveforms,
        reference_device=options.reference,
        channel=options.channel,
        high_pass=options.high_pass,
        accept=options.accept,
    )
    _warn(plan.warnings)
    if options.verify and (plan.folder / MANIFEST).is_file():
        prepared = PreparedSet.open(plan.folder)  # and not mended first
    else:
        prepared = prepare(plan, options.default_split, workers=options.processes, on_error=options.on_error)
    if options.verify:
        differences = verify(prepared, root, options.processes)
        if differences:
            raise Problems(differences)
    _report(prepared, root, options)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    return run_command(Options, _prepare, arguments)


if __name__ == "__main__":
    sys.exit(main())
