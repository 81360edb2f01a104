"""Spectrograms of one recording by two devices (Koutini 2021, Fig. 2), stored with a run for its report."""

import numpy as np

from asc.run_folder import RunFolder
from asc.scenes.sides import Sides
from common.files import atomic_path
from data_prep.storage import PreparedSet


def write_example(folder: RunFolder, prepared: PreparedSet, sides: Sides) -> None:
    """Write the spectrograms of the first test recording by both a seen and an unseen device, if there is one."""
    test = prepared.clips.iloc[sides.test]
    seen, unseen = test[test["device"].isin(sides.seen)], test[~test["device"].isin(sides.seen)]
    both = seen.reset_index().merge(unseen.reset_index(), on="recording", suffixes=("", "_unseen"))
    if both.empty:
        return
    pair = both.iloc[0]
    spectrograms = prepared.spectrograms(np.array([pair["index"], pair["index_unseen"]]))
    with atomic_path(folder.example_file) as temporary, temporary.open("wb") as file:
        np.savez(
            file,
            seen=spectrograms[0],
            unseen=spectrograms[1],
            recording=np.array(pair["recording"]),
            seen_device=np.array(pair["device"]),
            unseen_device=np.array(pair["device_unseen"]),
            seconds=np.array(prepared.seconds),
            fmin=np.array(prepared.features.fmin),
            fmax=np.array(prepared.features.fmax),
        )
