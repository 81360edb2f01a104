"""Scenes without a clip of a device: accuracies of devices can be compared only over the same scenes."""

import pandas as pd


def missing_scenes(clips: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Return the scenes of which a device has no clip although another device has one.

    Parameters
    ----------
    clips
        One row per clip, with the columns device and scene.

    Returns
    -------
    dict
        Sorted scenes by device; devices that have every scene are left out.

    Examples
    --------
    >>> missing_scenes(pd.DataFrame({"device": ["a", "a", "b"], "scene": ["bus", "park", "bus"]}))
    {'b': ('park',)}
    """
    every = set(clips["scene"])
    had = {str(device): set(scenes) for device, scenes in clips.groupby("device")["scene"]}
    return {device: tuple(sorted(every - scenes)) for device, scenes in sorted(had.items()) if every - scenes}


def tell_missing(tested: pd.DataFrame) -> list[str]:
    """Return a warning for each device that is tested on fewer scenes than others.

    Parameters
    ----------
    tested
        One row per test clip, with the columns device and scene.
    """
    return [
        f"device {device} has no test clip of {', '.join(scenes)}: its accuracy is over fewer scenes than the others'"
        for device, scenes in missing_scenes(tested).items()
    ]
