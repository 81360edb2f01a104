"""Training speed in clips per second, as a share of the GPU's peak, and its limiting factor.

The project's trainer is measured with clips in device memory: batches, rolling, normalisation, mixup, forward,
backward, Adam. The peers are loops as in a PyTorch tutorial, with torch's default settings, on one batch on the device.
"""

import gc
import math
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import lightning
import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd import DeviceType  # type: ignore[attr-defined]
from torch.profiler import ProfilerActivity, profile

from asc import training
from asc.accelerator import set_up
from asc.checkpoint import AtomicCheckpointIO
from asc.clips import MappedClips
from asc.data import SceneData, Sides
from asc.module import SceneClassifier
from asc.run_folder import RunFolder
from asc.statistics import band_statistics
from benchmarks.gpu import Bench
from benchmarks.gpu.parts import Part
from benchmarks.gpu.runs import description_of
from models.complexity import multiply_accumulates
from models.initialisation import initialise
from models.resnet import AudioResNet, NetworkSettings

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
        Clips per second.
    share
        Share of the measured bfloat16 peak, with the operations of three forward passes per step.
    memory
        Peak of allocated memory in GiB; NaN without a GPU.
    busy
        Share of the time in which the device computes; NaN without a GPU.
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
    gc.collect()  # trainer and module hold each other
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
    # Host operations include the time of their kernels, which are listed separately.
    kernels = [event for event in profiler.key_averages() if event.device_type == DeviceType.CUDA]
    busy.append(sum(event.self_device_time_total for event in kernels if not event.is_user_annotation) / 1e6)


class _Clock(lightning.Callback):
    """Times the second of three epochs without the profiler, and profiles the third."""

    def __init__(self, device: str) -> None:
        self.device, self.files = device, AtomicCheckpointIO()
        self.seconds: list[float] = []
        self.busy: list[float] = []
        self.exits = ExitStack()
        self.started = 0.0

    def on_train_epoch_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        if trainer.current_epoch == 2:
            self.exits.enter_context(_profiled(self.device, self.busy))
        wait(self.device)
        self.started = time.perf_counter()

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        assert isinstance(pl_module, SceneClassifier)  # noqa: S101 - the trainer passes the module that it trains
        pl_module.epoch_loss()
        wait(self.device)
        self.seconds.append(time.perf_counter() - self.started)
        self.exits.close()


def _speed(bench: Bench, width: int, loop: str, peak: float, step: float, busy: float) -> Speed:
    """Return the Speed from the seconds per step, and the seconds per step in which the device computes."""
    batch, memory = bench.size.speed_batch, _memory(bench.device)
    with torch.device("meta"):
        network = AudioResNet(NetworkSettings(width=width, classes=len(bench.prepared.scenes)))
    operations = 2 * 3 * batch * multiply_accumulates(network, (1, *bench.prepared.shape))
    share = operations / step / peak
    return Speed(width=width, loop=loop, clips=batch / step, share=share, memory=memory, busy=busy / step)


def ours(bench: Bench, width: int, steps: int, peak: float) -> Speed:
    """Measure the trainer with `steps` steps per epoch on few clips that are used repeatedly."""
    _forget(bench.device)
    set_up(bench.device)
    run = description_of(bench, width=width, batch_size=bench.size.speed_batch, epochs=3, init="kaiming")
    sides = Sides.of(bench.prepared, run)
    statistics = band_statistics(bench.prepared, sides.train)
    sides = replace(sides, train=np.resize(sides.train, steps * bench.size.speed_batch))
    mapped = MappedClips(bench.prepared, "spectrogram")
    clock, machine = _Clock(bench.device), training.Machine(accelerator=bench.device)
    trainer = training._trainer(run, RunFolder.of(run, bench.folder / "speed"), machine, clock)  # type: ignore[arg-type]
    data = SceneData(mapped, sides, run, workers=0, residency="device")
    trainer.fit(SceneClassifier(run, mapped, statistics), data)
    return _speed(bench, width, OURS, peak, clock.seconds[1] / steps, clock.busy[0] / steps)


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
    network = AudioResNet(NetworkSettings(width=width, classes=classes))
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
        step = _plain_step(bench, width, loop)
        for _ in range(_WARM_UP):
            step()
        wait(bench.device)
        started = time.perf_counter()
        for _ in range(steps):
            step()
        wait(bench.device)
        seconds = (time.perf_counter() - started) / steps
        busy: list[float] = []
        with _profiled(bench.device, busy):
            for _ in range(_PROFILED):
                step()
    return _speed(bench, width, loop, peak, seconds, busy[0] / _PROFILED)


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
