"""Checks of runs on acoustic scenes: training, resumption, evaluation and receptive field."""

from functools import partial
from typing import Any

import torch
from safetensors.torch import load_file

from asc.augmentations.mixup import Mixup
from asc.augmentations.rolling import RolledWaveforms
from asc.loading import load_scenes
from asc.machine import Machine
from asc.run import Run
from asc.run_folder import RunFolder
from asc.scenes.maps import erf_of_run
from asc.training import train
from benchmarks.gpu import Bench, Size
from benchmarks.gpu.parts import Part
from benchmarks.gpu.stopping import stopped_at_first_checkpoint
from benchmarks.trainer import scene_run
from common.errors import RunError
from models.weights.damping import Damping
from models.weights.iterative import IterativePruning
from models.weights.sparse import StaticSparsity

_EPOCHS = 2
_AGREEMENT = 1e-3  # of float32 logits of one network on the GPU and on the CPU
_CLIPS_AT_ONCE = 16


def paths(size: Size) -> dict[str, dict[str, Any]]:
    """Return the arguments of `scene_run` for each code path by its name."""
    half = size.width // 2
    return {
        "float32": {"precision": "32-true"},
        "bfloat16, damped": {"weights": [Damping()]},
        "resident waveforms, rolled": {"weights": [Damping()], "augmentations": (RolledWaveforms(), Mixup())},
        "static sparsity, damped": {"weights": [StaticSparsity(base_width=half), Damping()]},
        "iterative sparsity, damped": {
            "weights": [IterativePruning(base_width=half, first_epoch=0, epochs=1), Damping()]
        },
    }


def run_of(bench: Bench, path: str) -> Run:
    """Return the short run of a code path on the set of noise."""
    how: dict[str, Any] = {
        "accelerator": bench.device,
        "epochs": _EPOCHS,
        "batch_size": bench.size.batch,
        "precision": "bf16-mixed",
    }
    return scene_run(bench.prepared, bench.size.width, **how | paths(bench.size)[path])


def _trained(bench: Bench, run: Run, folder: str) -> RunFolder:
    machine = Machine(accelerator=bench.device, residency="device")
    return train(run, bench.prepared, bench.folder / folder, machine)


def difference(one: RunFolder, other: RunFolder) -> float:
    """Return the largest difference between the final weights of two runs."""
    ours, theirs = (load_file(folder.weights_file) for folder in (one, other))
    return max(float((tensor.double() - theirs[name].double()).abs().max()) for name, tensor in ours.items())


def _train_and_continue(bench: Bench, path: str) -> str:
    """Train a run without and with an interruption after the first epoch; the final weights must be identical."""
    run = run_of(bench, path)
    whole = _trained(bench, run, "whole")
    with stopped_at_first_checkpoint():
        _trained(bench, run, "continued")
    broken = RunFolder.of(run, bench.folder / "continued")
    if broken.done or not broken.checkpoint_file.is_file():
        raise RunError(f"{broken.path} was not stopped after its first epoch")
    gap = difference(whole, _trained(bench, run, "continued"))
    if gap != 0:
        raise RunError(f"continued after a stop, the weights differ by up to {gap:.1e}")
    return f"{_EPOCHS} epochs; continued after a stop, the weights differ by 0"


@torch.no_grad()
def _evaluate(bench: Bench) -> str:
    """Score the test clips of the float32 run on the device and on the CPU."""
    folder = _trained(bench, run_of(bench, "float32"), "whole")
    logits = []
    for device in (bench.device, "cpu"):
        run = load_scenes(folder, bench.prepared, device)
        batches = run.task.inputs(run.task.sides.test, _CLIPS_AT_ONCE)
        logits.append(torch.cat([run.network(batch) for batch in batches]).cpu())
    gap = float((logits[0] - logits[1]).abs().max())
    if not gap < _AGREEMENT:
        raise RunError(f"logits on {bench.device} and on the CPU differ by up to {gap:.1e}, over {_AGREEMENT:g}")
    return f"logits of {len(logits[0])} clips differ from the CPU's by at most {gap:.1e}"


def _map(bench: Bench) -> str:
    """Compute the effective receptive field of the damped run."""
    folder = _trained(bench, run_of(bench, "bfloat16, damped"), "whole")
    erf = erf_of_run(load_scenes(folder, bench.prepared, bench.device))
    return f"{erf.clips} clips, {erf.values.shape[0]} mel bands x {erf.values.shape[1]} frames"


def parts(bench: Bench) -> list[Part]:
    """Return a part for each code path."""
    trained = [Part(name=f"run: {path}", run=partial(_train_and_continue, bench, path)) for path in paths(bench.size)]
    return [
        *trained,
        Part(name="evaluation", run=partial(_evaluate, bench)),
        Part(name="effective receptive field", run=partial(_map, bench)),
    ]
