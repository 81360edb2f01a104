"""The two sides of a run's split, as rows of its prepared set."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from asc.batches import shuffled_labels
from asc.run import Run, SceneData
from common.errors import ConfigError, DataError
from data_prep.splits import make_split, seen_devices
from data_prep.storage import PreparedSet


def scene_data(run: Run) -> SceneData:
    """Return the data of a run on acoustic scenes.

    Raises
    ------
    ConfigError
        If the run is on something else.
    """
    if not isinstance(run.data, SceneData):
        raise ConfigError("data", run.data.name, "a prepared set of acoustic scenes")
    return run.data


@dataclass(frozen=True)
class Sides:
    """The two sides of a split as rows of the prepared set, the labels to learn, and the devices trained on."""

    part: "pd.Series[str]"
    train: NDArray[np.int64]
    test: NDArray[np.int64]
    labels: NDArray[np.int64]
    seen: tuple[str, ...]

    @classmethod
    def of(cls, prepared: PreparedSet, run: Run) -> "Sides":
        """Split `prepared` as `run` says.

        Raises
        ------
        DataError
            If a rule of the split is violated, or there are fewer training clips than one batch needs.
        """
        data = scene_data(run)
        part = make_split(prepared.clips, data.split)
        train, test = (np.flatnonzero(part.to_numpy() == side) for side in ("train", "test"))
        if len(train) < run.training.batch_size:
            raise DataError(
                f"{len(train)} training clips are too few for one batch of {run.training.batch_size}; "
                "test on fewer cities (--test-cities), train on more devices (--train-devices) or lower --batch-size"
            )
        labels = np.searchsorted(np.array(prepared.scenes), prepared.clips["scene"].to_numpy(str)).astype(np.int64)
        if data.labels == "random":
            labels[train] = shuffled_labels(labels[train], run.seed)
        return cls(part, train, test, labels, seen_devices(prepared.clips, part))

    def unseen(self, prepared: PreparedSet) -> NDArray[np.int64]:
        """Return the test clips of devices that are not trained on."""
        devices = prepared.clips["device"].iloc[self.test]
        return self.test[~devices.isin(self.seen).to_numpy()]
