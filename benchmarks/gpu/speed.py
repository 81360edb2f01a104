"""Training speed in clips per second, as a share of the GPU's peak, and its limiting factor.

The training step of a run is measured with clips in device memory: batches, rolling, normalisation, mixup, forward,
backward, Adam. The peers are loops as in a PyTorch tutorial, with torch's default settings, on one batch on the device.
"""

import gc
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import DeviceType  # type: ignore[attr-defined]
from torch.profiler import ProfilerActivity, profile

from asc.fabric import make_fabric
from asc.machine import Machine
from benchmarks.gpu import Bench
from benchmarks.gpu.parts import Part
from benchmarks.trainer import Trainer, scene_run
from models.audio.resnet import AudioResNet, AudioResNetSettings
from models.complexity import multiply_accumulates
from models.initialisation import initialise

OURS = "this project, bfloat16"
AUTOCAST = "plain loop, autocast"
PEERS = ("plain loop, float32", AUTOCAST, "plain loop, autocast, compiled")
_WARM_UP, _PROFILED = 3, 5  # steps
_BUSY, _ARITHMETIC = 0.85, 0.4


@dataclass(frozen=True, kw_only=True)
class Speed:
    """Training speed of a network with a training loop.

    Attributes
    ----------
    width, loop
        Network width, and name of the training loop.
    clips
        Clips a second.
    share
        Of the measured bfloat16 peak: three forward passes' operations a step.
    memory
        Most memory allocated, GiB; NaN where there is no GPU.
    busy
        Share of the time in which the device computes; NaN where there is no GPU.
    """

    width: int
    loop: str
    clips: float
    share: float
    memory: float
    busy: float

    @property
    def limit(self) -> str:
        """Limiting factor of the speed."""
        if math.isnan(self.busy):
            return "not measured"
        if self.busy < _BUSY:
            return "the processor, which issues operations too slowly"
        return "arithmetic" if self.share >= _ARITHMETIC else "memory traffic between the products"


def wait(device: str) -> None:
    """Wait until the device has completed all operations."""
    if device == "cuda":
        torch.cuda.synchronize()


def _memory(device: str) -> float:
    return torch.cuda.max_memory_allocated() / 2**30 if device == "cuda" else math.nan


def _forget(device: str) -> None:
    """Free cached memory and reset the peak of allocated memory."""
    gc.collect()  # a network and its optimizer hold each other
    if device == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def measured_peak(bench: Bench) -> float:
    """Return the operations per second of the fastest of ten products of large bfloat16 matrices."""
    side, device = bench.size.matrix, bench.device
    one, other = (torch.randn(side, side, device=device, dtype=torch.bfloat16) for _ in range(2))
    seconds = []
    for _ in range(_WARM_UP + 10):
        wait(device)
        started = time.perf_counter()
        torch.mm(one, other)
        wait(device)
        seconds.append(time.perf_counter() - started)
    return 2 * side**3 / min(seconds[_WARM_UP:])


@contextmanager
def _profiled(device: str, busy: list[float]) -> Iterator[None]:
    """Append the seconds in which the device computed."""
    if device != "cuda":
        yield
        busy.append(math.nan)
        return
    with profile(activities=[ProfilerActivity.CUDA]) as profiler:
        yield
        wait(device)
    # Of operations on the host the profiler tells the time of their kernels, which are there themselves.
    kernels = [event for event in profiler.key_averages() if event.device_type == DeviceType.CUDA]
    busy.append(sum(event.self_device_time_total for event in kernels if not event.is_user_annotation) / 1e6)


def _speed(bench: Bench, width: int, loop: str, peak: float, step: float, busy: float) -> Speed:
    """Return the Speed from the seconds per step, and the seconds per step in which the device computes."""
    batch, memory = bench.size.speed_batch, _memory(bench.device)
    with torch.device("meta"):
        network = AudioResNet(AudioResNetSettings(width=width, classes=len(bench.prepared.scenes)))
    operations = 2 * 3 * batch * multiply_accumulates(network, (1, *bench.prepared.shape))
    share = operations / step / peak
    return Speed(width=width, loop=loop, clips=batch / step, share=share, memory=memory, busy=busy / step)


def _timed(device: str, step: Callable[[], None], steps: int) -> tuple[float, float]:
    """Return the seconds per step, and the seconds per step in which the device computes."""
    for _ in range(_WARM_UP):
        step()
    wait(device)
    started = time.perf_counter()
    for _ in range(steps):
        step()
    wait(device)
    seconds = (time.perf_counter() - started) / steps
    busy: list[float] = []
    with _profiled(device, busy):
        for _ in range(_PROFILED):
            step()
    return seconds, busy[0] / _PROFILED


def ours(bench: Bench, width: int, steps: int, peak: float) -> Speed:
    """Measure the training step of a run on few clips that are used repeatedly."""
    _forget(bench.device)
    how: dict[str, Any] = {"init": "kaiming", "precision": "bf16-mixed", "accelerator": bench.device}
    run = scene_run(bench.prepared, width, batch_size=bench.size.speed_batch, **how)
    fabric = make_fabric(bench.device, run.training.precision)
    trainer = Trainer(run, bench.prepared, fabric, Machine(accelerator=bench.device, residency="device"))

    def step() -> None:
        trainer.step(next(trainer.batches))

    return _speed(bench, width, OURS, peak, *_timed(bench.device, step, steps))


@contextmanager
def _torch_defaults() -> Iterator[None]:
    """Use torch's default settings for the peers: TF32 in convolutions, no deterministic algorithms."""
    cudnn = torch.backends.cudnn.allow_tf32
    required, warns = (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )
    torch.use_deterministic_algorithms(False)
    torch.backends.cudnn.allow_tf32 = True
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = cudnn
        torch.use_deterministic_algorithms(required, warn_only=warns)


def _plain_step(bench: Bench, width: int, loop: str) -> Callable[[], None]:
    """Return a training step as in a PyTorch tutorial."""
    classes, batch, device = len(bench.prepared.scenes), bench.size.speed_batch, bench.device
    network = AudioResNet(AudioResNetSettings(width=width, classes=classes))
    initialise(network, "kaiming", 0)
    network.to(device)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-4)
    inputs = torch.randn(batch, 1, *bench.prepared.shape, device=device)
    labels = torch.arange(batch, device=device) % classes
    forward: Callable[[Tensor], Tensor] = network
    if loop.endswith("compiled"):
        forward = torch.compile(network, backend=bench.size.compiler)

    def step() -> None:
        context: Any = torch.autocast(device, dtype=torch.bfloat16) if "autocast" in loop else nullcontext()
        with context:
            loss = nn.functional.cross_entropy(forward(inputs), labels)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return step


def plain(bench: Bench, width: int, steps: int, loop: str, peak: float) -> Speed:
    """Measure a plain loop."""
    _forget(bench.device)
    with _torch_defaults():
        seconds, busy = _timed(bench.device, _plain_step(bench, width, loop), steps)
    return _speed(bench, width, loop, peak, seconds, busy)


def parts(bench: Bench, found: list[Speed], peak: list[float]) -> list[Part]:
    """Return the measurements, which append to `found` and `peak`; the slow compiled loops are last."""

    def measure_peak() -> str:
        peak.append(measured_peak(bench))
        return f"{peak[0] / 1e12:.3g} TFLOP/s"

    def measure(work: Callable[[float], Speed]) -> str:
        speed = work(peak[0])
        found.append(speed)
        return f"{speed.clips:.0f} clips/s, {speed.share:.1%} of the peak; limit: {speed.limit}"

    def part(width: int, steps: int, loop: str) -> Part:
        work = partial(ours, bench, width, steps) if loop == OURS else partial(plain, bench, width, steps, loop)
        needs = 60.0 if loop.endswith("compiled") else 15.0

        def run() -> str:
            return measure(lambda peak: work(peak=peak))

        return Part(name=f"speed: W={width}, {loop}", run=run, needs=needs)

    quick = [part(*size, loop) for size in bench.size.widths for loop in (OURS, *PEERS[:2])]
    compiled = [part(*size, PEERS[2]) for size in bench.size.widths]
    return [Part(name="measured peak, bfloat16 matrix product", run=measure_peak), *quick, *compiled]
