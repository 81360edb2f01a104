"""Scenes that devices lack, against counting them by hand."""

import pandas as pd

from evaluation.coverage import missing_scenes, tell_missing

CLIPS = pd.DataFrame(
    [
        ("a", "bus"),
        ("a", "park"),
        ("a", "tram"),
        ("b", "bus"),
        ("b", "bus"),
        ("c", "park"),
        ("c", "bus"),
        ("c", "tram"),
    ],
    columns=["device", "scene"],
)


def test_scenes_that_a_device_lacks_are_found() -> None:
    assert missing_scenes(CLIPS) == {"b": ("park", "tram")}
    assert tell_missing(CLIPS) == [
        "device b has no test clip of park, tram: its accuracy is over fewer scenes than the others'"
    ]


def test_devices_with_every_scene_lack_none() -> None:
    whole = CLIPS[CLIPS["device"] != "b"]
    assert missing_scenes(whole) == {}
    assert tell_missing(whole) == []
    assert missing_scenes(CLIPS.iloc[:0]) == {}
