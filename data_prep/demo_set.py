"""The demo set: synthesised scenes on nine devices, for trying the tool without recordings.

Device a has two places per scene and city, for ten scenes and ten cities. The other eight devices have the clips that
the default split tests and a few of the training pairs, so that training on several devices is possible too.
"""

from functools import cache
from pathlib import Path

from data_prep.devices import Band, Compression, Device, parametric_response
from data_prep.making import Take, Versions, code_digest, make_set
from data_prep.synthesis.cities import CITIES
from data_prep.synthesis.scenes import SCENES, compose
from data_prep.synthesis.signals import RATE, generator

PLACES = 2
TEST_CITIES = 3  # as in the default split
TRAINING_SCENES = 8  # scenes of which each device other than a has one training clip

# As in TAU Urban Acoustic Scenes 2020 Mobile: b and c resemble phones, s1 to s6 deviate increasingly.
_DEVICES: dict[str, tuple[tuple[Band, ...], float, Compression | None]] = {
    "b": (
        (
            Band(kind="highpass", frequency=130),
            Band(kind="peak", frequency=2600, gain=7, quality=0.9),
            Band(kind="highshelf", frequency=7000, gain=-5),
        ),
        -78,
        Compression(threshold=3, ratio=1.5),
    ),
    "c": (
        (
            Band(kind="highpass", frequency=80),
            Band(kind="peak", frequency=900, gain=-6, quality=0.8),
            Band(kind="highshelf", frequency=4500, gain=7),
        ),
        -74,
        Compression(threshold=3, ratio=1.5),
    ),
    "s1": (
        (Band(kind="lowshelf", frequency=250, gain=-7), Band(kind="peak", frequency=3500, gain=8, quality=1.5)),
        -80,
        Compression(threshold=0, ratio=2),
    ),
    "s2": (
        (Band(kind="highshelf", frequency=2500, gain=-11), Band(kind="peak", frequency=500, gain=6, quality=1.0)),
        -78,
        Compression(threshold=0, ratio=2),
    ),
    "s3": (
        (
            Band(kind="highpass", frequency=160),
            Band(kind="peak", frequency=1200, gain=9, quality=1.2),
            Band(kind="peak", frequency=6500, gain=-9, quality=1.2),
        ),
        -76,
        Compression(threshold=-3, ratio=2),
    ),
    "s4": (
        (Band(kind="highpass", frequency=320), Band(kind="peak", frequency=4500, gain=11, quality=1.0)),
        -72,
        Compression(threshold=-3, ratio=2.5),
    ),
    "s5": (
        (
            Band(kind="lowshelf", frequency=300, gain=8),
            Band(kind="peak", frequency=2200, gain=-7, quality=1.0),
            Band(kind="lowpass", frequency=6000),
        ),
        -72,
        Compression(threshold=-3, ratio=3),
    ),
    "s6": (
        (
            Band(kind="highpass", frequency=400, quality=1.2),
            Band(kind="peak", frequency=1800, gain=11, quality=1.6),
            Band(kind="highshelf", frequency=6000, gain=-12),
        ),
        -66,
        Compression(threshold=-6, ratio=3),
    ),
}


@cache
def demo_devices() -> dict[str, Device]:
    """Return the demo set's devices other than a, at 44.1 kHz, by name."""
    return {
        name: Device(rate=RATE, response=parametric_response(bands, RATE), noise=noise, compression=compression)
        for name, (bands, noise, compression) in _DEVICES.items()
    }


def plan_demo() -> list[Take]:
    """Return the 200 recordings of the demo set with the devices of each, 504 clips in total."""
    takes = []
    scenes, cities = sorted(SCENES), sorted(CITIES)
    for s, scene in enumerate(scenes):
        for c, city in enumerate(cities):
            tested = (c - s) % len(cities) < TEST_CITIES
            for p in range(PLACES):
                number = (s * len(cities) + c) * PLACES + p
                devices = [
                    d for k, d in enumerate(_DEVICES) if (k + s + c) % PLACES == p and (tested or _trains(k, s, c))
                ]
                location, segment = 1000 + number, 40_000 + number
                takes.append(
                    Take(
                        stem=f"{scene}-{city}-{location}-{segment}",
                        scene=scene,
                        identifier=f"{city}-{location}",
                        devices=("a", *devices),
                    )
                )
    return takes


def _trains(device: int, scene: int, city: int) -> bool:
    """Return whether a device has a training clip of a (scene, city) pair: 8 scenes, each in a different city."""
    return (scene + device) % 10 < TRAINING_SCENES and (city - scene) % 10 == TEST_CITIES + (device + scene) % 7


def record_demo(take: Take) -> tuple[Versions, int]:
    """Compose a recording and apply its devices; return samples by device and the sample rate."""
    clip = compose(*take.stem.split("-"))
    versions = {"a": clip} | {
        name: device.record(clip, generator("noise", take.stem, name))
        for name, device in demo_devices().items()
        if name in take.devices
    }
    return versions, RATE


def demo_origin() -> dict[str, str]:
    """Return the inputs of the demo set, which are a digest of the code that makes it."""
    room = Path(__file__).parent
    files = [room / name for name in ("demo_set.py", "devices.py", "making.py")]
    return {"code": code_digest([*files, *room.glob("synthesis/*.py")])}


def make_demo(target: Path, workers: int) -> None:
    """Write the demo set into `target`: meta.csv and audio/, 504 clips of 5 s at 44.1 kHz and 16 bit, 222 MB.

    The files are the same for any number of `workers`. After an interruption, the same call completes the set.

    Raises
    ------
    DataError
        If `target` holds other files.
    """
    make_set(
        target, plan_demo(), record_demo, origin=demo_origin(), bits=16, workers=workers, title="making the demo set"
    )
