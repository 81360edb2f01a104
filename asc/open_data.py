"""Opens the data of a run: a prepared set of clips, or a set of images."""

from pathlib import Path

import torch

from asc.images.task import ImageTask, open_set
from asc.machine import Machine
from asc.run import Run, SceneData
from asc.scenes.statistics import Statistics
from asc.scenes.task import SceneTask
from asc.task import Task
from common.errors import DataError
from data_prep.storage import PreparedSet

DataSource = Path | PreparedSet


def open_prepared(run: Run, data: DataSource) -> PreparedSet:
    """Return the prepared set of a run on acoustic scenes.

    Raises
    ------
    DataError
        If `data` is another set.
    """
    prepared = PreparedSet.open(data) if isinstance(data, Path) else data
    if prepared.identity != run.data.identity:
        raise DataError(f"the run is of {run.data.name} {run.data.identity[:12]}, not of {prepared.folder}")
    return prepared


def open_task(
    run: Run,
    data: DataSource,
    device: torch.device,
    machine: Machine | None = None,
    rank: int = 0,
    statistics: Statistics | None = None,
) -> Task:
    """Return the examples of a run on `device`.

    Parameters
    ----------
    data
        Prepared set, or the folder of one; of runs on images, the folder of image sets.
    machine, rank, statistics
        See `asc.scenes.task.SceneTask`.

    Raises
    ------
    DataError, ConfigError
        If the data is missing or not the data described, or does not suit the run.
    """
    if isinstance(run.data, SceneData):
        return SceneTask(run, open_prepared(run, data), device, machine, rank, statistics)
    if not isinstance(data, Path):
        raise DataError(f"the run is on {run.data.name}; name the folder of image sets, not {data.folder}")
    return ImageTask(run, open_set(run.data, data), device, rank)  # type: ignore[arg-type]
