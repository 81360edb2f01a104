"""`python -m asc.prepare`: recordings to a prepared set, which training and evaluation read.

Results go to standard output, the set's folder alone on its last line; progress and warnings to standard error.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from asc.device_report import report_devices
from asc.prepare_dry_run import describe, dry_run, made_set, warn
from asc.prepare_options import Options
from common.command import run_command
from data_prep.demo_set import make_demo
from data_prep.download import fetch
from data_prep.manifest import MANIFEST
from data_prep.metadata import META, Problems
from data_prep.preparation import plan_set, prepare
from data_prep.remotes import RELEASES
from data_prep.simulated_set import make_simulated, name_devices
from data_prep.storage import PreparedSet
from data_prep.verification import verify


def _recordings(options: Options) -> Path:
    """Return the folder of the recordings, after making or fetching what is to be made or fetched."""
    if options.root is None:
        root = made_set(options)[0]
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


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:10]) + ", ..." * (len(names) > 10)


def _report(prepared: PreparedSet, root: Path, options: Options) -> None:
    manifest = prepared.manifest
    describe(prepared.clips, prepared.seconds, prepared.split_defaults)
    for how, count in manifest.fitted.items():
        if how in ("cropped", "wrapped"):
            print(f"{count} of other lengths: {how}")
    silent = prepared.clips["clip"][prepared.clips["silent"]].tolist()
    if silent:
        warn([f"{len(silent)} clips hold nothing but zeros: {_some(silent)}"])
    warn(f"{len(odd.clips)} files: {odd.oddity}: {_some(odd.clips)}" for odd in manifest.odd)
    if manifest.skipped:
        warn([f"left out of the set: {Problems(manifest.skipped)}"])
        print(f"{len(manifest.skipped)} problems; what they concern was left out")
    report_devices(prepared, root, page=options.report, workers=options.processes)
    print(prepared.folder)


def _prepare(options: Options) -> None:
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
        **options.set_settings,
    )
    warn(plan.warnings)
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
