"""Recordings of noise in the TAU layout for benchmarks."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile as sf

from data_prep.layouts import LAYOUTS
from data_prep.planning import plan_set
from data_prep.preparation import prepare
from data_prep.splits import SplitSettings
from data_prep.storage import PreparedSet

_RATE = 44_100
_CITIES = ("lyon", "milan", "paris", "prague")


def write_recordings(root: Path, clips: int, seconds: float, devices: Sequence[str] = ("a",)) -> Path:
    """Write `clips` 24-bit recordings of two scenes in four cities with alternating devices, and meta.csv."""
    (root / "audio").mkdir(parents=True)
    rows = ["filename\tscene_label\tidentifier\tsource_label"]
    generator = np.random.default_rng(0)
    for number in range(clips):
        scene, city = ("bus", "park")[number % 2], _CITIES[number // 2 % 4]
        device = devices[number // 8 % len(devices)]
        name = f"audio/{scene}-{city}-{number}-{number}-{device}.wav"
        samples = 0.1 * generator.standard_normal(round(seconds * _RATE))
        sf.write(root / name, samples.astype(np.float32), _RATE, subtype="PCM_24")
        rows.append(f"{name}\t{scene}\t{city}-{number}\t{device}")
    (root / "meta.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return root


def prepared_noise(
    folder: Path, clips: int, seconds: float, workers: int = 2, devices: Sequence[str] = ("a",)
) -> PreparedSet:
    """Write recordings of noise and prepare them with waveforms."""
    root = write_recordings(folder / "recordings", clips, seconds, devices)
    plan = plan_set(root, LAYOUTS["folder"], folder / "prepared", seconds=seconds, waveforms=True)
    return prepare(plan, SplitSettings(test_cities=1), workers=workers, on_error="stop")
