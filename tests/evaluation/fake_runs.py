"""Runs that nobody trained: tables with the structure of real ones, from a model of how clips resemble each other."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas import DataFrame

from evaluation.grouping import Configuration, Example
from evaluation.predictions import score

SCENES: tuple[str, ...] = (
    *("airport", "bus", "metro", "metro_station", "park"),
    *("public_square", "shopping_mall", "street_pedestrian", "street_traffic", "tram"),
)
CITIES = ("lisbon", "lyon", "vienna")
DEVICES = {"a": "reference", "b": "real", "c": "real"} | {f"s{n}": "simulated" for n in range(1, 7)}
WEAKNESS = {"a": 0.0, "b": 0.9, "c": 0.7, "s1": 1.0, "s2": 1.1, "s3": 0.8, "s4": 1.2, "s5": 1.5, "s6": 1.9}


def fake_clips(
    scenes: tuple[str, ...] = SCENES, devices: dict[str, str] | None = None, locations: int = 2, recordings: int = 3
) -> DataFrame:
    """Return the test clips: every recording on every device, only device a trained on."""
    rows = [
        {
            "clip": f"audio/{scene}-{city}-{place:02d}-{take}-{device}.wav",
            "recording": f"{scene}-{city}-{place:02d}-{take}",
            "scene": scene,
            "city": city,
            "location": f"{city}-{scenes.index(scene) * locations + place:03d}",
            "device": device,
            "kind": kind,
            "seen": device == "a",
        }
        for scene in scenes
        for city in CITIES
        for place in range(locations)
        for take in range(recordings)
        for device, kind in (devices or DEVICES).items()
    ]
    return DataFrame(rows)


def predictions(
    clips: DataFrame, epoch: int = 0, seed: int = 0, skill: float = 3.0, weakness: float = 1.0
) -> DataFrame:
    """Return a predictions table: locations are easy or hard, devices weaken what is known, seeds and epochs jitter."""
    scenes = sorted(set(clips.scene))
    truth = clips.scene.map(scenes.index).to_numpy()
    world, network = np.random.default_rng(0), np.random.default_rng((1, seed, int(100 * weakness)))
    codes, names = pd.factorize(clips.location, sort=True)
    hard = world.normal(0, 1.2, (len(names), len(scenes)))[codes] + world.normal(0, 0.6, (len(clips), len(scenes)))
    logits = (
        hard
        + network.normal(0, 0.6, hard.shape)
        + np.random.default_rng((2, seed, epoch, int(100 * weakness))).normal(0, 0.2, hard.shape)
    )
    logits[np.arange(len(clips)), truth] += skill - weakness * clips.device.map(lambda name: WEAKNESS.get(name, 1.0))
    table = clips.assign(**{f"logit:{scene}": logits[:, n].astype(np.float32) for n, scene in enumerate(scenes)})
    table.insert(0, "epoch", epoch)
    return table


def metrics(seed: int, epochs: int = 30, seen: float = 0.75, unseen: float = 0.5) -> DataFrame:
    """Return learning curves that rise and settle."""
    noise = np.random.default_rng((3, seed)).normal(0, 0.02, (3, epochs)) * np.linspace(1, 0.3, epochs)
    rise = 1 - np.exp(-np.arange(1, epochs + 1) / epochs * 5)
    return DataFrame(
        {
            "epoch": range(epochs),
            "learning_rate": 1e-3,
            "train_loss": 2.3 - 1.5 * rise + noise[0],
            "seen_accuracy": 0.1 + (seen - 0.1) * rise + noise[1],
            "unseen_accuracy": 0.1 + (unseen - 0.1) * rise + noise[2],
            "seconds": 2.0,
        }
    )


def example(mels: int = 256, frames: int = 216) -> Example:
    """Return one recording as two devices heard it: a melody over noise, and the same behind a poor microphone."""
    bands, time = np.arange(mels)[:, None], np.arange(frames)[None]
    sound = -2 - 4 * bands / mels + np.random.default_rng(4).normal(0, 0.3, (mels, frames))
    for partial in range(1, 6):
        sound += 3 / partial * np.exp(-(((bands - 25 * partial - 6 * np.sin(time / 15)) / 2.5) ** 2))
    response = (
        -2.0 / (1 + np.exp((bands - 40) / -6.0)) + 1.2 * np.exp(-(((bands - 140) / 25) ** 2)) - 1.5 * (bands > 215)
    )
    return Example(
        recording="park-lisbon-00-0",
        seen_device="a",
        unseen_device="s6",
        seen=sound.astype(np.float16),
        unseen=(sound + response + 1.5).astype(np.float16),
        seconds=5.0,
        fmax=11025.0,
    )


def description(damping: float | None, epochs: int = 30) -> dict[str, Any]:
    """Return the settings of a run, without the seed."""
    return {
        "data": {
            "kind": "scenes",
            "name": "demo",
            "identity": "c0ffee" * 10 + "0123",
            "split": {"rule": "unseen-city", "test_cities": 3, "train_devices": ["a"]},
            "features": {"mels": 256},
        },
        "network": {"kind": "audio-resnet", "width": 32, "depth": 1, "pointwise_depth": 1},
        "start": {"init": "fixup"},
        "weights": [] if damping is None else [{"kind": "damped", "edge": damping}],
        "training": {"epochs": epochs, "batch_size": 16, "augmentations": [{"kind": "mixup", "alpha": 0.3}]},
        "preset": "demo",
        "schema": 2,
    }


COMPLEXITY = {
    "parameters": 159_476,
    "nonzero_parameters": 60_000,
    "bytes": {"float32": 637_904, "float16": 318_952, "int8": 159_476},
    "nonzero_bytes": {"float32": 240_000, "float16": 120_000, "int8": 60_000},
    "macs": 215_300_000,
    "second_macs": 29_000_000,
    "second_mult_adds": 31_000_000,
}


def configuration(
    name: str = "demo-base-w32-d1-k1-0123456789ab",
    clips: DataFrame | None = None,
    seeds: tuple[int, ...] = (0,),
    epochs: tuple[int, ...] = (28, 29),
    damping: float | None = None,
    **how: Any,
) -> Configuration:
    """Return a configuration as it is read back from its runs."""
    clips = fake_clips() if clips is None else clips
    tables = [score(predictions(clips, epoch, seed, **how)).assign(seed=seed) for seed in seeds for epoch in epochs]
    return Configuration(
        name=name,
        label=name.rpartition("-")[0],
        scenes=tuple(sorted(set(clips.scene))),
        description=description(damping),
        complexity=COMPLEXITY,
        scored=pd.concat(tables, ignore_index=True),
        metrics=pd.concat(
            [metrics(seed, unseen=0.55 if damping else 0.48).assign(seed=seed) for seed in seeds], ignore_index=True
        ),
        example=example(),
    )


def write_run(
    runs: Path,
    title: str,
    seed: int = 0,
    clips: DataFrame | None = None,
    damping: float | None = None,
    epochs: int = 30,
    kept: int = 2,
    **how: Any,
) -> Path:
    """Write the folder of a finished run and return it."""
    clips = fake_clips() if clips is None else clips
    folder = runs / f"{title}-{'d' if damping else 'b'}{'0' * 11}" / f"seed-{seed}"
    (folder / "predictions").mkdir(parents=True)
    for epoch in range(epochs - kept, epochs):
        table = predictions(clips, epoch, seed, **how)
        table.to_parquet(folder / "predictions" / f"epoch-{epoch:04d}.parquet", index=False)
    split = clips[["clip"]].assign(part="test")
    split.loc[len(split)] = ["audio/airport-paris-00-0-a.wav", "train"]
    split.to_csv(folder / "split.csv", index=False)
    metrics(seed + (50 if damping else 0), epochs, unseen=0.55 if damping else 0.48).to_csv(
        folder / "metrics.csv", index=False
    )
    shown = example()
    arrays: dict[str, Any] = {name: np.array(value) for name, value in vars(shown).items()}
    np.savez(folder / "example.npz", **arrays)
    (folder / "description.json").write_text(json.dumps(description(damping, epochs) | {"seed": seed}))
    result = {"epochs": epochs, "score_epochs": kept, "complexity": COMPLEXITY, "reference_device": "a"}
    (folder / "result.json").write_text(json.dumps(result))
    return folder
