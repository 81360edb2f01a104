"""Scenes that a device lacks: accuracies of devices are comparable only over the same scenes."""

import pandas as pd


def missing_scenes(clips: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Return the scenes of which a device has no clip though another device has.

    Parameters
    ----------
    clips
        One row a clip, of one side of a split or of predictions: columns device and scene.

    Returns
    -------
    dict
        Scenes, in order, by device; devices that have every scene are left out.
    """
    every = set(clips["scene"])
    had = {str(device): set(scenes) for device, scenes in clips.groupby("device")["scene"]}
    return {device: tuple(sorted(every - scenes)) for device, scenes in sorted(had.items()) if every - scenes}


def tell_missing(tested: pd.DataFrame) -> list[str]:
    """Return one warning for each device that is tested on fewer scenes than others are."""
    return [
        f"device {device} has no test clip of {', '.join(scenes)}: its accuracy is over fewer scenes than the others'"
        for device, scenes in missing_scenes(tested).items()
    ]
