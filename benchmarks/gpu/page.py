"""docs/gpu.md: what is checked, how, what is asked for, and what came out."""

import math
from collections.abc import Sequence

from benchmarks.gpu.parts import Outcome
from benchmarks.gpu.speed import AUTOCAST, OURS, Speed

LEAST_RATIO, LEAST_SHARE = 3.0, 0.5
_NARROWEST, _WIDE = 32, 256

INTRODUCTION = f"""# The check on a GPU

    python -m benchmarks.gpu

takes at most 8 minutes on one H100 or H200 and needs no data: it makes a prepared set of noise. It writes this page. It
ends with exit code 1 if a part failed; the other parts are run all the same, and a part for which no time is left is
named. `--device cpu --tiny --out FOLDER` goes through the same code on a CPU in a minute, with no number that means
anything, and writes to FOLDER.

What is run:

- every path once: float32 (IEEE, not TF32), bfloat16 with damping, resident waveforms that are rolled, static and
  iterative sparsity. Each is trained in one go, and again with a stop after the first epoch: the weights must not
  differ by a bit;
- evaluation of a float32 run beside the CPU's, and an effective receptive field;
- image runs: a residual network, trained in one go and from a checkpoint, and a stack of perceptrons;
- speed: training in clips of 10 s (256 mel bands x 431 frames) a second for W = 32, 64, 128, 256 and 512 in batches of
  32, beside plain PyTorch loops in the same process (float32, autocast to bfloat16, and that compiled). The loops have
  torch's default settings and one batch that is ready on the GPU; the trainer also fetches, rolls, normalises and
  mixes, and its operations are deterministic. The share of the peak counts three forward passes' operations a step,
  beside the fastest product of two bfloat16 matrices of 8192 x 8192 in the same process. The device is busy for the
  time that `torch.profiler` sees it compute; where that is under 85 % of a step, the processor is the limit.

What is asked for: at W = {_NARROWEST} at least {LEAST_RATIO:g} times the clips of the plain loop with autocast; at
W = {_WIDE} and more at least {LEAST_SHARE:.0%} of the measured peak.
"""

NEVER = """## Results

None: **it has not been run on a GPU yet**, for none has been at hand. The code is tested on the CPU only:
`tests/benchmarks/test_gpu.py` runs this check there, and two gloo processes, meta tensors and stand-ins for
`torch.cuda` test what only a GPU's path has. Speeds on a GPU are unknown, and the two targets are open.
"""


def _number(value: float, form: str) -> str:
    return "-" if math.isnan(value) else format(value, form)


def targets(found: Sequence[Speed]) -> list[str]:
    """Say of each target whether it was reached."""
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
    """Return the page's part that holds what came out."""
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
        "| part | state | what came out | s |",
        "|---|---|---|---|",
        *(f"| {one.name} | {one.state} | {one.said.replace('|', '/')} | {one.seconds:.1f} |" for one in outcomes),
        "",
    ]
    return "\n".join(lines)


def page(came_out: str = NEVER) -> str:
    """Return the whole page."""
    return f"{INTRODUCTION}\n{came_out}"
