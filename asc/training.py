"""Trains one run in its folder: starts it, continues it, or finds it done."""

import logging
import warnings
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import lightning
import pandas as pd
import torch
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.strategies import DDPStrategy, Strategy

from asc.accelerator import set_up
from asc.checkpoint import BackgroundCheckpointIO
from asc.clips import Kind, MappedClips, Residency
from asc.complexity import run_complexity
from asc.data import SceneData, Sides
from asc.description import RunDescription
from asc.epochs import LAST_EPOCHS, EpochEnd
from asc.example import write_example
from asc.loader_workers import naming_lost_workers
from asc.module import SceneClassifier
from asc.run_folder import RunFolder
from asc.statistics import band_statistics
from common.errors import ConfigError, DataError
from common.files import remove_stale_temporaries, write_json, write_text
from data_prep.storage import PreparedSet
from models.complexity import accepts


@dataclass(frozen=True, kw_only=True)
class Machine:
    """Where and how a run is executed; none of it is part of the run's identity.

    Parameters
    ----------
    accelerator
        `cpu` or `cuda`.
    workers
        Processes that load batches; 0 loads in the trainer's own, which is fastest from a memory map.
    residency
        Where the clips live, see `asc.clips.clip_source`.
    keep_checkpoint
        Leave the last checkpoint (weights and optimiser) beside the final weights of a finished run.
    runs_per_gpu
        How many runs share a GPU, and its memory.
    """

    accelerator: str = "cpu"
    workers: int = 0
    residency: Residency = "auto"
    keep_checkpoint: bool = False
    runs_per_gpu: int = 1


def choose_accelerator(wanted: str) -> str:
    """Turn `auto` into `cuda` where there is a GPU, else `cpu`.

    Raises
    ------
    ConfigError
        If `cuda` is asked for and there is none.
    """
    if wanted == "cuda" and not torch.cuda.is_available():
        raise ConfigError("accelerator", wanted, "PyTorch finds no GPU here; cpu, or auto")
    return ("cuda" if torch.cuda.is_available() else "cpu") if wanted == "auto" else wanted


def _quiet() -> None:
    """Keep the trainer's advertisements and its advice against what is done here on purpose off the screen."""
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="lightning")


def _trainer(description: RunDescription, folder: RunFolder, machine: Machine, callback: EpochEnd) -> lightning.Trainer:
    training = description.training
    strategy: Strategy | str = "auto"
    if training.world_size > 1:
        strategy = DDPStrategy(process_group_backend="gloo" if machine.accelerator == "cpu" else "nccl")
    return lightning.Trainer(
        accelerator=machine.accelerator,
        devices=training.world_size,
        strategy=strategy,
        precision=training.precision,
        max_epochs=training.epochs,
        callbacks=[callback],
        plugins=[callback.files],
        logger=TensorBoardLogger(folder.path, name="", version="tensorboard"),
        log_every_n_steps=1,
        limit_val_batches=0,
        use_distributed_sampler=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )


def train(description: RunDescription, prepared: PreparedSet, runs: Path, machine: Machine) -> RunFolder:
    """Bring the run that `description` names to its end, from wherever it is, and return its folder.

    A finished run is left alone. One that stopped continues from its last checkpoint and ends, on the same kind of
    machine with as many threads, in the very weights it would have had. `result.json` is written last.

    Raises
    ------
    DataError, ConfigError, RunError
        If the split is impossible, waveforms are missing, the loss diverges, or another process trains the run.
    """
    folder = RunFolder.of(description, runs)
    if folder.done:
        return folder
    sides = Sides.of(prepared, description)
    kind: Kind = "waveform" if description.training.roll == "waveform" else "spectrogram"
    source = MappedClips(prepared, kind)
    _quiet()
    set_up(machine.accelerator)
    callback = EpochEnd(
        folder, prepared, sides, BackgroundCheckpointIO(), machine.keep_checkpoint, machine.runs_per_gpu
    )
    trainer = _trainer(description, folder, machine, callback)
    module = SceneClassifier(description, source, band_statistics(prepared, sides.train))
    if not accepts(module.network, (1, *prepared.shape)):
        raise DataError(
            f"clips of {prepared.shape[1]} frames are too short for this network; prepare longer ones (--seconds), or "
            "lower --depth"
        )
    data = SceneData(source, sides, description, machine.workers, machine.residency, machine.runs_per_gpu)
    # Processes that share one run's batches leave its folder to the first of them.
    with folder.locked() if trainer.is_global_zero else nullcontext():
        if folder.result_file.is_file():  # written by another process between the look above and the lock
            return folder
        if trainer.is_global_zero:
            _open(folder, description, prepared, sides)
        checkpoint = folder.checkpoint_file if folder.checkpoint_file.is_file() else None
        with naming_lost_workers():
            trainer.fit(module, data, ckpt_path=checkpoint, weights_only=True)
        if trainer.is_global_zero:
            _finish(module, prepared, folder, machine)
    return folder


def train_one_of_many(description: RunDescription, data: Path, runs: Path, machine: Machine) -> None:
    """Bring a run to its end on the prepared set at `data`, as `asc.executor.run_all` asks for it.

    Raises
    ------
    ConfigError
        If the run is to be shared by several processes: that is for `python -m asc.train --devices`.
    DataError
        If `data` is not the set that the run is of; else as `train` does.
    """
    if description.training.world_size > 1:
        raise ConfigError("world_size", description.training.world_size, "1 where many runs are trained")
    prepared = PreparedSet.open(data)
    if prepared.identity != description.data.identity:
        raise DataError(f"the run is of {description.data.name} {description.data.identity[:12]}, not of {data}")
    train(description, prepared, runs, machine)


def _open(folder: RunFolder, description: RunDescription, prepared: PreparedSet, sides: Sides) -> None:
    """Write what is known before training."""
    remove_stale_temporaries(folder.path)
    folder.write_description(description)
    split = pd.DataFrame({"clip": prepared.clips["clip"], "part": sides.part})
    write_text(folder.split_file, split.to_csv(index=False, lineterminator="\n"))
    write_example(folder, prepared, sides)


def _finish(module: SceneClassifier, prepared: PreparedSet, folder: RunFolder, machine: Machine) -> None:
    """Write the final weights and, last, the result; then the checkpoint has served, unless it is to be kept."""
    folder.write_weights(module)
    history = pd.DataFrame(module.history)
    last = history.tail(LAST_EPOCHS)
    result = {
        "epochs": len(history),
        "score_epochs": len(last),
        **{name: float(last[name].mean()) for name in ("train_accuracy", "seen_accuracy", "unseen_accuracy")},
        "reference_device": prepared.reference_device,
        "complexity": run_complexity(module.network.cpu().float(), module.description, (1, *prepared.shape)),
        "seconds_per_epoch": float(history["seconds"].median()),
        "accelerator": machine.accelerator,
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
    }
    # An unseen device may be missing; JSON has no NaN.
    write_json(folder.result_file, {key: None if value != value else value for key, value in result.items()})
    if not machine.keep_checkpoint:
        folder.checkpoint_file.unlink(missing_ok=True)
