"""`python -m benchmarks.gpu`: check all code paths on a GPU, measure the training speed, and write docs/gpu.md."""

import sys
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

import torch

from asc.accelerator import choose_accelerator
from benchmarks.gpu import TINY, Bench, Size, images, runs, speed
from benchmarks.gpu.page import page, results
from benchmarks.gpu.parts import run_parts
from benchmarks.recordings import prepared_noise
from common.command import run_command
from common.errors import ConfigError, RunError
from common.files import write_text

_DOCS = Path(__file__).resolve().parent.parent.parent / "docs"


@dataclass(frozen=True, kw_only=True)
class GpuOptions:
    """Run every code path on a GPU once, compare the training speed with plain PyTorch, and write docs/gpu.md."""

    device: Literal["cuda", "cpu"] = "cuda"
    """Device. `cpu` tests the command without a GPU; its numbers are meaningless."""
    tiny: bool = False
    """Use the smallest possible networks and data."""
    out: Path | None = None
    """Folder of gpu.md (default: docs/)."""
    minutes: float = 7.0
    """Time limit in minutes; parts that may exceed it are not started."""


def _machine(device: str) -> str:
    name = torch.cuda.get_device_name() if device == "cuda" else "CPU only"
    return f"{name}; torch {torch.__version__}, CUDA {torch.version.cuda}; {date.today().isoformat()}"


def check(options: GpuOptions) -> None:
    """Run all parts, write the page, and raise RunError if one failed."""
    choose_accelerator(options.device)
    if options.out is None and (options.device == "cpu" or options.tiny):
        raise ConfigError("out", None, "a folder, because results with --tiny or of a CPU are not written to docs/")
    size = TINY if options.tiny else Size()
    found: list[speed.Speed] = []
    with tempfile.TemporaryDirectory() as folder:
        prepared = prepared_noise(Path(folder, "noise"), size.clips, size.seconds, devices=("a", "b"))
        bench = Bench(device=options.device, size=size, prepared=prepared, folder=Path(folder, "runs"))
        parts = [*runs.parts(bench), *images.parts(bench), *speed.parts(bench, found, [])]
        outcomes = run_parts(parts, 60 * options.minutes)
    target = (options.out or _DOCS) / "gpu.md"
    write_text(target, page(results(_machine(options.device), outcomes, found)))
    print(target)
    failed = [one.name for one in outcomes if one.state == "failed"]
    if failed:
        raise RunError(f"{len(failed)} of {len(outcomes)} parts failed: {'; '.join(failed)} (see {target})")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(GpuOptions, check, arguments)


if __name__ == "__main__":
    sys.exit(main())
