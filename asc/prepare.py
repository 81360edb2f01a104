"""`python -m asc.prepare`: prepare recordings for training and evaluation.

Results are printed to standard output, with the set's folder on the last line; progress and warnings to standard error.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from asc.device_report import report_devices
from asc.prepare_dry_run import describe, describe_cities, dry_run, made_set, shortened, warn
from asc.prepare_options import PrepareOptions
from common.command import run_command
from data_prep.cautions import fault_warning
from data_prep.demo_set import make_demo
from data_prep.download import fetch
from data_prep.duplicates import copy_warnings
from data_prep.init_meta import init_meta
from data_prep.irregularities import find_irregularities
from data_prep.listing import COLUMNS, META, Reading
from data_prep.manifest import MANIFEST
from data_prep.metadata import lost_name_warnings
from data_prep.planning import Plan, plan_set
from data_prep.preparation import prepare
from data_prep.problems import Problems
from data_prep.remotes import RELEASES
from data_prep.simulated_set import REFERENCE, make_simulated, name_devices, unused_file_warnings
from data_prep.source_mixing import lost_in_mixing
from data_prep.splits import make_split
from data_prep.storage import PreparedSet
from data_prep.verification import verify
from evaluation.coverage import tell_missing


def _recordings(options: PrepareOptions) -> Path:
    """Return the folder of the recordings, after generating or downloading them if required."""
    if options.root is None:
        root, takes = made_set(options)
        if options.recordings is None or options.responses is None:
            make_demo(root, options.processes)
        else:
            chosen = name_devices(options.responses)
            warn(unused_file_warnings(options.recordings, options.responses, chosen))
            unmade = [take.source for take in takes if not (root / take.clip(REFERENCE)).exists()]
            _warn_of_irregularities(
                find_irregularities(options.recordings, [take.source for take in takes], options.accept)
            )
            _warn_of_irregularities(
                find_irregularities(options.responses, [path.name for path in chosen.values()], options.accept)
            )
            make_simulated(
                options.recordings,
                options.responses,
                root,
                options.processes,
                source=options.reference_device,
                reading=options.reading,
                accept=options.accept,
                channel=options.channel,
            )
            lost = lost_in_mixing(options.recordings, unmade, options.channel, options.accept, options.processes)
            warn([fault_warning("mixing", lost)] if lost else [])
            for device, response in chosen.items():
                print(f"device {device} is {response.name}")
            if not (options.recordings / META).is_file():
                print("cities are made up and assigned to places")
        return root
    if options.download:
        release = RELEASES[options.dataset]
        print(release.licence, file=sys.stderr)
        fetch(release.remotes, options.root, strip=f"{release.folder}/")
    return options.root


def _warn_of_irregularities(files: Mapping[str, Sequence[str]]) -> None:
    warn(f"{len(names)} files: {irregularity}: {shortened(names)}" for irregularity, names in files.items())


def _report(prepared: PreparedSet, plan: Plan, options: PrepareOptions) -> None:
    manifest, clips = prepared.manifest, prepared.clips
    describe(clips, prepared.seconds, prepared.split_defaults)
    describe_cities(options, clips)
    tested = clips[make_split(clips, prepared.split_defaults) == "test"]
    warn([*tell_missing(tested), *copy_warnings(clips), *lost_name_warnings(plan.clips, clips)])
    for how, count in manifest.fitted.items():
        if how in ("cropped", "wrapped"):
            print(f"{count} of other lengths: {how}")
    silent = prepared.clips["clip"][prepared.clips["silent"]].tolist()
    if silent:
        warn([f"{len(silent)} clips hold nothing but zeros: {shortened(silent)}"])
    _warn_of_irregularities({files.irregularity: files.clips for files in manifest.irregular})
    if manifest.skipped:
        warn([f"left out of the set: {Problems(manifest.skipped)}"])
        count = len(manifest.skipped)
        print(f"left out because of {count} problem{'s' * (count > 1)}: see the warning, or manifest.json")
    report_devices(prepared, page=options.report)
    print(prepared.folder)


def _init_meta(folder: Path, reading: Reading) -> None:
    """Write a first meta.csv and print a summary of it."""
    rows, warnings = init_meta(folder, reading)
    warn(warnings)
    for column in COLUMNS[1:]:
        found = sorted(set(rows[column]) - {""})
        print(f"{column}: {(rows[column] == '').sum()} to be filled in; {len(found)} found: {shortened(found)}")
    print(folder / META)


def _prepare(options: PrepareOptions) -> None:
    if options.init_meta is not None:
        _init_meta(options.init_meta, options.reading)
        return
    if options.dry_run:
        dry_run(options)
        return
    root = _recordings(options)
    plan = plan_set(
        root,
        options.layout,
        options.out,
        name=options.dataset,
        seconds=options.seconds,
        accept=options.accept,
        reading=options.reading if options.root else None,
        **options.set_settings,
    )
    warn(plan.warnings)
    if options.verify and (plan.folder / MANIFEST).is_file():
        prepared = PreparedSet.open(plan.folder)  # without recomputing damaged files first
    else:
        prepared = prepare(plan, options.default_split, workers=options.processes, on_error=options.on_error)
    if options.verify:
        differences = verify(prepared, root, options.processes)
        if differences:
            raise Problems(differences)
    _report(prepared, plan, options)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    return run_command(PrepareOptions, _prepare, arguments)


if __name__ == "__main__":
    sys.exit(main())
