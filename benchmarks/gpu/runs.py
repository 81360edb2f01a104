"""Checks of runs on acoustic scenes: training, resumption, evaluation and receptive field."""

from contextlib import nullcontext, suppress
from functools import partial
from typing import Any
from unittest import mock

import torch
from safetensors.torch import load_file

from asc.description import RunDescription
from asc.epochs import EpochEnd
from asc.loading import load_run
from asc.maps import erf_of_run
from asc.options import TrainOptions, describe
from asc.prediction import logits_of
from asc.run_folder import RunFolder
from asc.training import Machine, train
from benchmarks.gpu import Bench
from benchmarks.gpu.parts import Part
from common.errors import RunError

# Code paths and the training options that select them.
PATHS: dict[str, dict[str, Any]] = {
    "float32": {"precision": "32-true"},
    "bfloat16, damped": {"damping": 0.1},
    "resident waveforms, rolled": {"roll": "waveform", "damping": 0.1},
    "static sparsity, damped": {"sparse": "static", "damping": 0.1},
    "iterative sparsity, damped": {"sparse": "iterative", "damping": 0.1, "prune_from": 0, "prune_epochs": 1},
}
_EPOCHS = 2
_AGREEMENT = 1e-3  # of float32 logits of one network on the GPU and on the CPU


def description_of(bench: Bench, **options: Any) -> RunDescription:
    """Return a short run on the set of noise."""
    narrow = {"base_width": bench.size.width // 2} if "sparse" in options else {}
    chosen = TrainOptions(**{
        **{"data": bench.prepared.folder, "runs": bench.folder, "accelerator": bench.device, "roll": "frames"},
        **{"width": bench.size.width, "epochs": _EPOCHS, "batch_size": bench.size.batch, "precision": "bf16-mixed"},
        **narrow,
        **options,
    })  # fmt: skip
    return describe(chosen, bench.prepared)


def _trained(bench: Bench, run: RunDescription, folder: str) -> RunFolder:
    machine = Machine(accelerator=bench.device, residency="device")
    return train(run, bench.prepared, bench.folder / folder, machine)


def difference(one: RunFolder, other: RunFolder) -> float:
    """Return the largest difference between the final weights of two runs."""
    ours, theirs = (load_file(folder.weights_file) for folder in (one, other))
    return max(float((tensor.double() - theirs[name].double()).abs().max()) for name, tensor in ours.items())


class _Stopped(Exception):
    """Simulates that the process is killed."""


def _stop_after_first(original: Any, callback: EpochEnd, trainer: Any, module: Any) -> None:
    original(callback, trainer, module)
    if trainer.current_epoch == 0:
        raise _Stopped


def _train_and_continue(bench: Bench, options: dict[str, Any]) -> str:
    """Train a run without and with an interruption after the first epoch; the final weights must be identical."""
    run = description_of(bench, **options)
    whole = _trained(bench, run, "whole")
    stop = partial(_stop_after_first, EpochEnd.on_train_epoch_end)
    with mock.patch.object(EpochEnd, "on_train_epoch_end", lambda *arguments: stop(*arguments)), suppress(_Stopped):
        _trained(bench, run, "continued")
    broken = RunFolder.of(run, bench.folder / "continued")
    if broken.done or not broken.checkpoint_file.is_file():
        raise RunError(f"{broken.path} was not stopped after its first epoch")
    gap = difference(whole, _trained(bench, run, "continued"))
    if gap != 0:
        raise RunError(f"continued after a stop, the weights differ by up to {gap:.1e}")
    return f"{_EPOCHS} epochs; continued after a stop, the weights differ by 0"


def _evaluate(bench: Bench) -> str:
    """Score the test clips of the float32 run on the device and on the CPU."""
    folder = _trained(bench, description_of(bench, **PATHS["float32"]), "whole")
    logits = []
    for device in (bench.device, "cpu"):
        run = load_run(folder, bench.prepared, device)
        logits.append(torch.from_numpy(logits_of(run.module, run.sides.test, nullcontext)))
    gap = float((logits[0] - logits[1]).abs().max())
    if not gap < _AGREEMENT:
        raise RunError(f"logits on {bench.device} and on the CPU differ by up to {gap:.1e}, over {_AGREEMENT:g}")
    return f"logits of {len(logits[0])} clips differ from the CPU's by at most {gap:.1e}"


def _map(bench: Bench) -> str:
    """Compute the effective receptive field of the damped run."""
    folder = _trained(bench, description_of(bench, **PATHS["bfloat16, damped"]), "whole")
    erf = erf_of_run(load_run(folder, bench.prepared, bench.device))
    return f"{erf.clips} clips, {erf.values.shape[0]} mel bands x {erf.values.shape[1]} frames"


def parts(bench: Bench) -> list[Part]:
    """Return a part for each code path."""
    trained = [
        Part(name=f"run: {name}", run=partial(_train_and_continue, bench, options)) for name, options in PATHS.items()
    ]
    return [
        *trained,
        Part(name="evaluation", run=partial(_evaluate, bench)),
        Part(name="effective receptive field", run=partial(_map, bench)),
    ]
