"""The page docs/gpu.md: description of the checks, requirements and results."""

import math
from collections.abc import Sequence

from benchmarks.gpu.parts import Outcome
from benchmarks.gpu.speed import AUTOCAST, OURS, Speed

LEAST_RATIO, LEAST_SHARE = 3.0, 0.5
_NARROWEST, _WIDE = 32, 256

INTRODUCTION = f"""# The check on a GPU

    python -m benchmarks.gpu

takes at most 8 minutes on one H100 or H200, needs no data (it prepares a set of noise), and writes this page. If a part
fails, the other parts are run all the same, and the exit code is 1. Parts for which there is not enough time are listed
as left out. `--device cpu --tiny --out FOLDER` runs the same code on a CPU in a minute, with meaningless numbers, and
writes to FOLDER.

The parts are:

- every code path of training: float32 (IEEE, not TF32), bfloat16 with damping, rolled waveforms in device memory,
  static and iterative sparsity. Each run is trained without interruption, and again with an interruption after the
  first epoch; the final weights must be bit-identical;
- evaluation of a float32 run, compared with the CPU, and an effective receptive field;
- image runs: a residual network, trained without interruption and from a checkpoint, and a stack of perceptrons;
- speed: training on clips of 10 s (256 mel bands x 431 frames) with W = 32, 64, 128, 256 and 512 and batch size 32, in
  clips per second, compared with plain PyTorch loops in the same process (float32, autocast to bfloat16, and autocast
  with compilation). The loops have torch's default settings and a single batch on the GPU; the trainer also loads,
  rolls, normalises and mixes, with deterministic operations. The share of the peak is the number of operations per
  second, counting three forward passes per step, divided by that of the fastest product of two bfloat16 matrices of
  8192 x 8192 in the same process. The device is busy while `torch.profiler` records kernels; if this is less than 85 %
  of a step, the processor is the limit.

Requirements: at W = {_NARROWEST} at least {LEAST_RATIO:g} times the clips per second of the plain loop with autocast;
at W = {_WIDE} and more at least {LEAST_SHARE:.0%} of the measured peak.
"""

NEVER = """## Results

None: **this check has not been run on a GPU yet**, because none was available. The code is tested on the CPU only:
`tests/benchmarks/test_gpu.py` runs this check there, and the code for GPUs is tested with two gloo processes, meta
tensors and stand-ins for `torch.cuda`. Speeds on a GPU are unknown, and both requirements are open.
"""


def _number(value: float, form: str) -> str:
    return "-" if math.isnan(value) else format(value, form)


def targets(found: Sequence[Speed]) -> list[str]:
    """Return a line for each requirement that states whether it was met."""
    clips = {(speed.width, speed.loop): speed.clips for speed in found}
    lines = []
    if (_NARROWEST, OURS) in clips and (_NARROWEST, AUTOCAST) in clips:
        ratio = clips[_NARROWEST, OURS] / clips[_NARROWEST, AUTOCAST]
        reached = "reached" if ratio >= LEAST_RATIO else "not reached"
        lines.append(f"- W = {_NARROWEST}: {ratio:.2f} times the plain loop with autocast; {reached}.")
    for speed in found:
        if speed.loop == OURS and speed.width >= _WIDE:
            reached = "reached" if speed.share >= LEAST_SHARE else "not reached"
            lines.append(f"- W = {speed.width}: {speed.share:.1%} of the measured peak; {reached}.")
    return lines or ["- Not measured."]


def results(machine: str, outcomes: Sequence[Outcome], found: Sequence[Speed]) -> str:
    """Return the results section of the page."""
    rows = sorted(found, key=lambda speed: speed.width)
    lines = [
        "## Results",
        "",
        f"{machine}.",
        "",
        *targets(found),
        "",
        "| W | loop | clips/s | of the peak | memory, GiB | device busy | limit |",
        "|---|---|---|---|---|---|---|",
        *(
            f"| {row.width} | {row.loop} | {row.clips:.0f} | {row.share:.1%} | {_number(row.memory, '.1f')} | "
            f"{_number(row.busy, '.0%')} | {row.limit} |"
            for row in rows
        ),
        "",
        "| part | state | result | s |",
        "|---|---|---|---|",
        *(f"| {one.name} | {one.state} | {one.said.replace('|', '/')} | {one.seconds:.1f} |" for one in outcomes),
        "",
    ]
    return "\n".join(lines)


def page(came_out: str = NEVER) -> str:
    """Return the whole page."""
    return f"{INTRODUCTION}\n{came_out}"
