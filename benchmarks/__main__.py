"""`python -m benchmarks`: run all benchmarks, print the results and write docs/benchmarks.md."""

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
    """Return a line about the machine: processor, bfloat16 instructions, cores, memory and versions."""
    capabilities = torch.cpu.get_capabilities()
    half = "with" if capabilities.get("avx512_bf16") or capabilities.get("amx_bf16") else "without"
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{capabilities.get('cpu_name', platform.processor())} {half} bfloat16 instructions, {os.cpu_count()} cores, "
        f"{memory_gib:.0f} GiB; Python {platform.python_version()}, torch {torch.__version__}, "
        f"librosa {version('librosa')}; {date.today().isoformat()}"
    )


def page() -> str:
    """Run all benchmarks and return the page."""
    # Features first, because they are measured on one thread, before the others start more threads.
    speed = [*features.measure(), *training.measure(), *erf.measure(), *stack.measure()]
    lines = [
        "# Benchmarks",
        "",
        "Written by `make benchmark` (`python -m benchmarks`). For each row, this project and the peer are timed",
        "alternately in one process, and the ratio is the median over turns, so that other load affects both.",
        "All benchmarks run on the CPU; see [gpu.md](gpu.md) for GPUs.",
        "",
        f"Machine: {machine()}.",
        "",
        "| operation | ms | peer | ms | ratio | required |",
        "|---|---|---|---|---|---|",
        *(
            f"| {row.what} | {row.ours:.1f} | {row.peer} | {row.theirs:.1f} | {row.ratio:.2f} | "
            f"{f'{row.least:g}' if row.least else '-'} |"
            for row in speed
        ),
        "",
        "Weight schemes (weights.md): size of the training state (parameters, gradients, Adam's moments, positions)",
        f"and time of a training step with {weights.CLIPS} clips of 5 s in float32. Sparse layers compute with dense",
        "weights, so they save state but no time.",
        "",
        *weights.table(),
        "",
        "Peak of the process's anonymous memory (pages of the memory map belong to the file cache):",
        "",
        f"| operation | {memory.FEWER} clips | {memory.MORE} clips |",
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
