"""Command line: report on finished runs, `python -m asc.evaluate RUN... --out REPORT`."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from asc.results import read_configurations
from common.command import run_command
from common.errors import ConfigError
from common.files import remove_stale_temporaries
from evaluation.bootstrap import Bootstrap
from evaluation.document import lay_out
from evaluation.report import make_report
from evaluation.report_files import write_report
from evaluation.text import document_text


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions:
    """Report the accuracy of finished runs on every device: an HTML page, tables and plots.

    Runs that differ only in their seed are averaged. Configurations tested on the same clips are compared with the
    first one given.
    """

    run: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="RUN")]
    """A run (seed-<n>), a configuration (<name>-<hash>: all its seeds) or a folder of configurations."""

    more: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="RUN ...")] = ()
    """More runs, configurations or folders."""

    out: Path
    """Folder to write the report to; an earlier report in it is replaced."""

    title: str = "Acoustic scene classification, device by device"
    """Title of the page."""

    replicates: int = 10_000
    """Number of bootstrap replicates per interval."""


def evaluate(options: EvaluateOptions) -> None:
    """Read the runs, write the report, print its main tables and, on the last line, its folder."""
    bootstrap = Bootstrap(replicates=options.replicates)
    if options.out.exists() and not options.out.is_dir():
        raise ConfigError("out", str(options.out), "a folder, or a name that is not taken")
    configurations = read_configurations([options.run, *options.more])
    for folder in (options.out, options.out / "plots"):
        remove_stale_temporaries(folder)
    report = make_report(configurations, options.title, bootstrap)
    document = lay_out(report)
    write_report(report, document, options.out)
    print(document_text(document), end="\n\n")
    print(options.out)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(EvaluateOptions, evaluate, arguments)


if __name__ == "__main__":
    sys.exit(main())
