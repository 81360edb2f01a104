"""`python -m asc.train`: train one run, continue it, or find it done."""

import json
import os
import sys
from pathlib import Path
from typing import Any

from asc.accelerator import choose_accelerator
from asc.machine import Machine
from asc.options import ImageRunOptions, TrainOptions, describe, parsed_type
from asc.other_precision import tell_other_precision
from asc.run import Run, SceneData
from asc.run_folder import RunFolder
from asc.training import train
from common.command import run_command
from data_prep.splits import make_split
from data_prep.storage import PreparedSet
from evaluation.coverage import tell_missing


def machine_of(options: Any) -> Machine:
    """Return where and how the options of a command say to compute."""
    return Machine(
        accelerator=choose_accelerator(options.accelerator),
        workers=options.workers,
        residency=options.residency,
        keep_checkpoint=options.keep_checkpoint,
    )


def _warn(run: Run, source: PreparedSet | Path, options: TrainOptions) -> None:
    """Name on standard error what the test split lacks, and the run in the other precision."""
    if isinstance(source, PreparedSet) and isinstance(run.data, SceneData):
        clips = source.clips
        for warning in tell_missing(clips[make_split(clips, run.data.split) == "test"]):
            print(f"warning: {warning}", file=sys.stderr)
    if options.precision == "auto":
        tell_other_precision([run], options.runs)


def _report(folder: RunFolder) -> None:
    result = json.loads(folder.result_file.read_text(encoding="utf-8"))
    if failure := result.get("failure"):
        print(f"not trained: {failure}")
    for name in ("seen", "unseen", "validation", "test"):
        if f"{name}_accuracy" in result:
            score = result[f"{name}_accuracy"]
            value = "no such clips" if score is None else f"{score:.1%}"
            when = f", mean of the last {result['score_epochs']} epochs" if "score_epochs" in result else ""
            print(f"{name} accuracy{when}: {value}")
    print(folder.path)


def _command(options: TrainOptions) -> None:
    source: PreparedSet | Path = (
        options.data if isinstance(options, ImageRunOptions) else PreparedSet.open(options.data)
    )
    run = describe(options, source)
    first = int(os.environ.get("LOCAL_RANK", "0")) == 0
    if first:
        _warn(run, source, options)
    folder = train(run, source, options.runs, machine_of(options))
    if first:
        _report(folder)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(parsed_type(arguments), _command, arguments)


if __name__ == "__main__":
    sys.exit(main())
