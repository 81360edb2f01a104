"""`python -m benchmarks`: every benchmark, on standard output and as docs/benchmarks.md."""

import os
import platform
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path

import torch

from benchmarks import erf, features, memory, stack, training, weights
from common.files import write_text

_PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"


def machine() -> str:
    """Describe the machine in a line: processor, what it multiplies natively, cores, memory, versions."""
    capabilities = torch.cpu.get_capabilities()
    half = "with" if capabilities.get("avx512_bf16") or capabilities.get("amx_bf16") else "without"
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{capabilities.get('cpu_name', platform.processor())} {half} bfloat16 instructions, {os.cpu_count()} cores, "
        f"{memory_gib:.0f} GiB; Python {platform.python_version()}, torch {torch.__version__}, "
        f"librosa {version('librosa')}; {date.today().isoformat()}"
    )


def page() -> str:
    """Run everything and return the page."""
    # Features first, on one thread, before anything else has started more.
    speed = [*features.measure(), *training.measure(), *erf.measure(), *stack.measure()]
    lines = [
        "# Benchmarks",
        "",
        "Written by `make benchmark` (`python -m benchmarks`). Each row times both sides in one process and in turn;",
        "the ratio is the median over the turns, so that what else the machine does hits both sides.",
        "All of it is on the CPU; [gpu.md](gpu.md) is about GPUs.",
        "",
        f"Machine: {machine()}.",
        "",
        "| what | ms | peer | ms | ratio | asked for |",
        "|---|---|---|---|---|---|",
        *(
            f"| {row.what} | {row.ours:.1f} | {row.peer} | {row.theirs:.1f} | {row.ratio:.2f} | "
            f"{f'{row.least:g}' if row.least else '-'} |"
            for row in speed
        ),
        "",
        "Schemes of weights (weights.md): what training holds (parameters, gradients, Adam's moments, positions)",
        f"and a step of {weights.CLIPS} clips of 5 s in float32. A sparse layer computes with its dense weight:",
        "what is saved is state.",
        "",
        *weights.table(),
        "",
        "Memory of the process's own at its peak (the memory map's pages belong to the file cache):",
        "",
        f"| what | {memory.FEWER} clips | {memory.MORE} clips |",
        "|---|---|---|",
        *(f"| {row.what} | {row.fewer:.0f} MiB | {row.more:.0f} MiB |" for row in memory.measure()),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    text = page()
    write_text(_PAGE, text)
    print(text)
    sys.exit(0)
