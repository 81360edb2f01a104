"""`python -m asc.train`: train one run, continue it, or find it done."""

import json
import os
import sys

from asc.options import TrainOptions, describe
from asc.other_precision import tell_other_precision
from asc.training import Machine, choose_accelerator, train
from common.command import run_command
from data_prep.splits import make_split
from data_prep.storage import PreparedSet
from evaluation.coverage import tell_missing


def _command(options: TrainOptions) -> None:
    prepared = PreparedSet.open(options.data)
    machine = Machine(
        accelerator=choose_accelerator(options.accelerator),
        workers=options.workers,
        residency=options.residency,
        keep_checkpoint=options.keep_checkpoint,
    )
    description = describe(options, prepared)
    first = int(os.environ.get("LOCAL_RANK", "0")) == 0
    if first:
        clips = prepared.clips
        for warning in tell_missing(clips[make_split(clips, description.split) == "test"]):
            print(f"warning: {warning}", file=sys.stderr)
    if options.precision == "auto" and first:
        tell_other_precision([description], options.runs)
    folder = train(description, prepared, options.runs, machine)
    if first:
        result = json.loads(folder.result_file.read_text(encoding="utf-8"))
        for part in ("seen", "unseen"):
            score = result[f"{part}_accuracy"]
            value = "no such clips" if score is None else f"{score:.1%}"
            print(f"{part} accuracy, mean of the last {result['score_epochs']} epochs: {value}")
        print(folder.path)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(TrainOptions, _command, arguments)


if __name__ == "__main__":
    sys.exit(main())
