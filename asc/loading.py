"""A finished run back in memory: its description, its network with the final weights, its data."""

import json
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

from asc.accelerator import set_up
from asc.networks import build_network
from asc.open_data import DataSource, open_task
from asc.run import Run, SceneData
from asc.run_folder import RunFolder
from asc.scenes.sides import scene_data
from asc.scenes.statistics import Statistics
from asc.scenes.task import SceneTask
from asc.task import Task
from common.errors import RunError
from data_prep.storage import PreparedSet

T = TypeVar("T", bound=Task)


@dataclass(frozen=True)
class LoadedRun(Generic[T]):
    """A finished run, its network in evaluation mode, and its data as the network sees it."""

    run: Run
    network: nn.Module
    task: T

    @property
    def name(self) -> str:
        """Configuration and seed, as the run's folder names them."""
        return f"{self.run.title}-{self.run.identity[:12]}-seed-{self.run.seed}"


def load_network(folder: RunFolder) -> nn.Module:
    """Return the network of a finished run on the CPU, with its schemes and final weights, in evaluation mode.

    Which weights a pruned network keeps is read from the weights, so that nothing is scored again.

    Raises
    ------
    RunError
        If the run is not finished, its pruning method left nothing to train, or its weights cannot be used.
    """
    run = folder.description()
    if not folder.done:
        raise RunError(f"{folder.path} is not finished; train it to the end first")
    _check_trained(folder)
    state, _ = folder.read_weights()
    try:
        network = build_network(run, stored=state)
        network.load_state_dict(state)
    except (RuntimeError, IndexError) as error:
        raise folder.unusable_weights(error) from error
    return network.eval()


def _check_trained(folder: RunFolder) -> None:
    failure = json.loads(folder.result_file.read_text(encoding="utf-8")).get("failure")
    if failure:
        raise RunError(f"{folder.path} has no network: {failure}")


def load_run(folder: RunFolder, data: DataSource, accelerator: str) -> LoadedRun[Task]:
    """Load a finished run on `cpu` or `cuda`.

    The normalisation of spectrograms comes with the weights. A run that several processes shared is loaded as one of a
    single process: the weights are the same.

    Raises
    ------
    RunError
        If the run is not finished, was trained on another set, or its weights cannot be used.
    DataError
        If its images are not in `data`, or the set cannot be split as the run says.
    """
    network = load_network(folder)
    run, (_, inputs) = folder.description(), folder.read_weights()
    set_up(accelerator)
    alone = replace(run, training=replace(run.training, world_size=1))
    statistics = None
    if isinstance(run.data, SceneData):
        _check_set(folder, run, data)
        statistics = _statistics(folder, inputs)
    device = torch.device(accelerator)
    return LoadedRun(run, network.to(device), open_task(alone, data, device, statistics=statistics))


def load_scenes(folder: RunFolder, prepared: PreparedSet, accelerator: str) -> LoadedRun[SceneTask]:
    """Load a finished run on acoustic scenes; errors are those of `load_run`, and ConfigError for other runs."""
    scene_data(folder.description())
    return load_run(folder, prepared, accelerator)  # type: ignore[return-value]


def _check_set(folder: RunFolder, run: Run, data: DataSource) -> None:
    if isinstance(data, PreparedSet) and run.data.identity != data.identity:
        raise RunError(
            f"{folder.path} was trained on the prepared set {run.data.name}-{run.data.identity[:12]}, "
            f"not on {data.folder}; name that set"
        )


def _statistics(folder: RunFolder, inputs: dict[str, Tensor]) -> Statistics:
    try:
        mean, deviation = (inputs[name][:, 0].numpy() for name in ("band_mean", "band_deviation"))
    except (KeyError, IndexError) as error:
        raise folder.unusable_weights(error) from error
    return mean, deviation
