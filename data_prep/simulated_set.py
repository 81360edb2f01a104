"""Device variants of anyone's recordings through anyone's impulse responses, in the layout of TAU 2020 Mobile.

The recordings are device a. Each impulse response is one more device: b and c in the order of the file names, then s1,
s2, ..., which compress the dynamic range besides, as TAU's simulated devices do.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from common.errors import ConfigError, DataError
from data_prep.class_folders import by_class, deal_cities, find_sounds, place_of
from data_prep.containers.acceptance import Acceptance
from data_prep.devices import Compression, Device, load_response
from data_prep.identities import spellings
from data_prep.layouts import LAYOUTS
from data_prep.making import Take, Versions, code_digest, make_set
from data_prep.metadata import META, Reading, read_clips
from data_prep.mixing import MEAN, mix_down
from data_prep.problems import Problem, Problems, tell
from data_prep.recording import Recording, read_recording

REFERENCE = "a"
COMPRESSION = Compression(threshold=0.0, ratio=2.0)
SHORTEST = 0.1  # seconds of a recording


def name_devices(responses: Path, most: int = 8) -> dict[str, Path]:
    """Give the impulse responses in a folder the device names b, c, s1, s2, ... in the order of their file names.

    Parameters
    ----------
    responses
        Folder of WAV, FLAC or Ogg files.
    most
        If there are more than this many, as many are taken, evenly spread over the sorted names.

    Raises
    ------
    DataError
        If there is none.
    ConfigError
        If `most` is below 1.
    """
    if most < 1:
        raise ConfigError("devices", most, "at least 1")
    files = [responses / name for name in find_sounds(responses, 0).used]
    if not files:
        raise DataError(f"{responses} holds no impulse responses (WAV, FLAC or Ogg files)")
    count = min(most, len(files))
    chosen = [files[round(index * (len(files) - 1) / max(1, count - 1))] for index in range(count)]
    names = ["b", "c", *(f"s{number}" for number in range(1, count))]
    return dict(zip(names, chosen, strict=False))


def _plain(name: str) -> str:
    """Make a name fit for a file name whose fields stand between hyphens."""
    return re.sub(r"[^\w.]|-", "_", name)


def _from_lists(recordings: Path, devices: tuple[str, ...], source: str, reading: Reading) -> Iterator[Take]:
    clips, problems, _ = read_clips(recordings, LAYOUTS["folder"], source, reading=reading)
    if problems:
        raise Problems(problems)
    for clip in clips[clips["device"] == source].itertuples():
        city, location = str(clip.city), str(clip.location)
        before = location.rpartition("-")[0] or location  # how the list of the set that is made will be read
        yield Take(
            stem=str(clip.recording).removeprefix("audio/").replace("/", "_"),
            scene=str(clip.scene),
            identifier=location if before == city else f"{city}-{_plain(location)}",
            devices=devices,
            source=str(clip.clip),
        )


def _from_folders(recordings: Path, devices: tuple[str, ...]) -> Iterator[Take]:
    classes = by_class(find_sounds(recordings, 1))
    for name, right in spellings(classes).items():
        raise DataError(f"the folders {name!r} and {right!r} in {recordings} are one class, spelt twice; merge them")
    places = {name: [_plain(place_of(path)) for path in paths] for name, paths in classes.items()}
    city_of = deal_cities(places)
    for name, paths in classes.items():
        scene = _plain(name)
        for segment, (path, place) in enumerate(zip(paths, places[name], strict=True)):
            city = city_of[name, place]
            yield Take(
                stem=f"{scene}-{city}-{place}-{segment}",
                scene=scene,
                identifier=f"{city}-{scene}_{place}",
                devices=devices,
                source=path,
            )


def passed_over(recordings: Path, responses: Path, chosen: Mapping[str, Path]) -> list[str]:
    """Return warnings that count and name the audio files in both folders that a simulated set does not use.

    Parameters
    ----------
    recordings, responses
        The two folders. Of recordings with a list, the list decides.
    chosen
        The responses used, by device.
    """
    files = find_sounds(responses, 0)
    spare = set(files.used) - {path.name for path in chosen.values()}
    listed = (recordings / META).is_file()
    return [
        *([] if listed else find_sounds(recordings, 1).passed_over("recordings")),
        *files.passed_over("responses"),
        *tell(f"responses are not used: {len(chosen)} are taken, evenly spread over the names", spare),
    ]


def plan_simulated(
    recordings: Path, devices: Iterable[str], source: str = REFERENCE, reading: Reading | None = None
) -> list[Take]:
    """Return the recordings found and what their versions on `devices` (and a) will be called.

    Parameters
    ----------
    recordings
        A folder in the TAU layout, whose clips of one device, scenes, cities and locations are used, or a folder with
        one subfolder of audio files per class, whose places are dealt out to ten cities.
    source
        That device; its clips become those of device a.
    reading
        How to read what lists leave open.

    Raises
    ------
    DataError, ConfigError
        If there are none, the lists have faults, or two recordings would have one name.
    """
    if not recordings.is_dir():
        raise DataError(f"{recordings} is no folder; name one with {META}, or with one subfolder per class")
    versions = (REFERENCE, *devices)
    listed = (recordings / META).is_file()
    lists = _from_lists(recordings, versions, source, reading or Reading())
    takes = list(lists if listed else _from_folders(recordings, versions))
    if not takes:
        raise DataError(f"{recordings} holds neither {META} nor subfolders with WAV, FLAC or Ogg files, one per class")
    first: dict[str, Take] = {}
    for take in takes:
        other = first.setdefault(take.stem, take)
        if other is not take:
            raise DataError(f"{other.source} and {take.source} would both be called {take.stem}; rename one")
    return takes


@lru_cache(maxsize=256)
def _device(name: str, path: Path, rate: int) -> Device:
    compression = COMPRESSION if name.startswith("s") else None
    return Device(rate=rate, response=load_response(path, rate), compression=compression)


def _usable(recording: Recording, channel: str) -> NDArray[np.float32]:
    samples = mix_down(recording.channels, channel)
    if not recording.channels.any():
        raise DataError("is silent")
    if not samples.any():
        raise DataError(f"has {recording.channels.shape[1]} channels, and nothing is left of them: --channel {channel}")
    if len(samples) < SHORTEST * recording.rate:
        raise DataError(f"lasts {len(samples) / recording.rate:.3f} s; at least {SHORTEST} s are needed")
    return samples


def _play(
    take: Take,
    recordings: Path,
    responses: Mapping[str, Path],
    accept: Acceptance | None = None,
    channel: str = MEAN,
) -> tuple[Versions, int]:
    """Read a recording and play it to every device."""
    recording = read_recording(recordings / take.source, accept)
    samples, rate = _usable(recording, channel), recording.rate
    played = {name: _device(name, path, rate).record(samples) for name, path in responses.items()}
    return {REFERENCE: samples.astype(np.float64), **played}, rate


def _check_responses(responses: Mapping[str, Path]) -> None:
    problems = []
    for path in responses.values():
        try:
            load_response(path, 44_100)
        except DataError as error:
            problems.append(Problem(path.name, None, str(error)))
    if problems:
        raise Problems(problems)


def simulated_origin(
    recordings: Path, responses: Mapping[str, Path], takes: Iterable[Take], channel: str = MEAN
) -> dict[str, object]:
    """Return what a simulated set depends on: names and sizes of recordings, the channel, the responses, the code."""
    sizes = "".join(f"{take.stem}\t{take.source}\t{(recordings / take.source).stat().st_size}\n" for take in takes)
    room = Path(__file__).parent
    return {
        "code": code_digest(room / name for name in ("devices.py", "making.py", "simulated_set.py")),
        "devices": {name: path.name for name, path in responses.items()},
        "responses": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in responses.values()},
        "recordings": hashlib.sha256(sizes.encode()).hexdigest(),
        **({"channel": channel} if channel != MEAN else {}),
    }


def make_simulated(
    recordings: Path,
    responses: Path,
    target: Path,
    workers: int,
    devices: int = 8,
    source: str = REFERENCE,
    reading: Reading | None = None,
    accept: Acceptance | None = None,
    channel: str = MEAN,
) -> None:
    """Write recordings and their versions on simulated devices into `target`: meta.csv and audio/ as TAU has them.

    Every recording is written as device a and on every other device, 24 bit, one channel, at its own rate. Killed and
    called again it keeps what is finished.

    Parameters
    ----------
    recordings, source, reading
        See `plan_simulated`.
    responses
        Folder of impulse responses of any rate, length, level, delay and polarity.
    target
        Folder of the set; new, empty or begun by the same call before.
    workers
        Processes; the files do not depend on it.
    devices
        Use at most this many responses.
    accept
        Which oddities of recordings are accepted; see `read_recording`.
    channel
        What is used of recordings of several channels; see `mix_down`.

    Raises
    ------
    DataError, ConfigError
        If the inputs cannot be used (each bad file is named), or `target` holds something else.
    """
    chosen = name_devices(responses, devices)
    _check_responses(chosen)
    takes = plan_simulated(recordings, chosen, source, reading)
    origin = simulated_origin(recordings, chosen, takes, channel)
    play = partial(_play, recordings=recordings, responses=chosen, accept=accept, channel=channel)
    make_set(target, takes, play, origin=origin, bits=24, workers=workers, title="simulating devices")
