"""Simulated sets: recordings convolved with microphone impulse responses, in the layout of TAU 2020 Mobile.

The recordings are device a. Each impulse response is a further device: b, c, s1, s2, ... in the order of the file
names. Devices s1, s2, ... also compress the dynamic range, as TAU's simulated devices do.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from common.errors import ConfigError, DataError
from data_prep.class_folders import assign_cities, by_class, find_audio_files, place_of
from data_prep.containers.acceptance import Acceptance
from data_prep.devices import Compression, Device, load_response
from data_prep.identities import spellings
from data_prep.layouts import LAYOUTS
from data_prep.listing import META, Reading
from data_prep.making import Take, Versions, code_digest, make_set
from data_prep.metadata import read_clips
from data_prep.mixing import MEAN, mix_down
from data_prep.problems import Problem, Problems, warnings_about
from data_prep.recording import Recording, read_recording

REFERENCE = "a"
COMPRESSION = Compression(threshold=0.0, ratio=2.0)
SHORTEST = 0.1  # seconds, of a recording that can be used


def name_devices(responses: Path, most: int = 8) -> dict[str, Path]:
    """Name the impulse responses in a folder b, c, s1, s2, ... in the order of their file names.

    Parameters
    ----------
    responses
        Folder of WAV, FLAC or Ogg files.
    most
        Largest number of responses used; if there are more, they are chosen evenly from the sorted names.

    Returns
    -------
    dict
        Path of each response by device name.

    Raises
    ------
    DataError
        If the folder holds no impulse response.
    ConfigError
        If `most` is below 1.
    """
    if most < 1:
        raise ConfigError("devices", most, "at least 1")
    files = [responses / name for name in find_audio_files(responses, 0).used]
    if not files:
        raise DataError(f"{responses} holds no impulse responses (WAV, FLAC or Ogg files)")
    count = min(most, len(files))
    chosen = [files[round(index * (len(files) - 1) / max(1, count - 1))] for index in range(count)]
    names = ["b", "c", *(f"s{number}" for number in range(1, count))]
    return dict(zip(names, chosen, strict=False))


def _plain(name: str) -> str:
    """Replace hyphens and special characters, so that the name can be a field of a hyphen-separated file name."""
    return re.sub(r"[^\w.]|-", "_", name)


def _from_lists(recordings: Path, devices: tuple[str, ...], source: str, reading: Reading) -> Iterator[Take]:
    clips, problems, _ = read_clips(recordings, LAYOUTS["folder"], source, reading=reading)
    if problems:
        raise Problems(problems)
    for clip in clips[clips["device"] == source].itertuples():
        city, location = str(clip.city), str(clip.location)
        before = location.rpartition("-")[0] or location  # the city that will be read from the new set's list
        yield Take(
            stem=str(clip.recording).removeprefix("audio/").replace("/", "_"),
            scene=str(clip.scene),
            identifier=location if before == city else f"{city}-{_plain(location)}",
            devices=devices,
            source=str(clip.clip),
        )


def _from_folders(recordings: Path, devices: tuple[str, ...]) -> Iterator[Take]:
    classes = by_class(find_audio_files(recordings, 1))
    for name, right in spellings(classes).items():
        raise DataError(f"the folders {name!r} and {right!r} in {recordings} are one class, spelt twice; merge them")
    places = {name: [_plain(place_of(path)) for path in paths] for name, paths in classes.items()}
    city_of = assign_cities(places)
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


def unused_file_warnings(recordings: Path, responses: Path, chosen: Mapping[str, Path]) -> list[str]:
    """Return warnings that count and name the audio files that a simulated set does not use.

    Parameters
    ----------
    recordings, responses
        The two folders. If `recordings` has a meta.csv, its unlisted files are not reported here.
    chosen
        The responses used, by device.
    """
    files = find_audio_files(responses, 0)
    spare = set(files.used) - {path.name for path in chosen.values()}
    listed = (recordings / META).is_file()
    return [
        *([] if listed else find_audio_files(recordings, 1).unused_warnings("recordings")),
        *files.unused_warnings("responses"),
        *warnings_about(f"responses are not used: {len(chosen)} are taken, evenly spread over the names", spare),
    ]


def plan_simulated(
    recordings: Path, devices: Iterable[str], source: str = REFERENCE, reading: Reading | None = None
) -> list[Take]:
    """List the recordings of a simulated set.

    Parameters
    ----------
    recordings
        Folder in the TAU layout, or with one subfolder of audio files per class; in the latter, places are assigned
        to ten made-up cities.
    devices
        Names of the devices other than a.
    source
        In the TAU layout, the device whose clips are used; they become those of device a.
    reading
        Settings for reading lists without cities or devices.

    Raises
    ------
    DataError, ConfigError
        If there are no recordings, the lists have errors, or two recordings would get the same name.
    """
    if not recordings.is_dir():
        raise DataError(f"{recordings} is not a folder; name one with {META}, or with one subfolder per class")
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
        raise DataError(f"has {recording.channels.shape[1]} channels, and is silent with --channel {channel}")
    if len(samples) < SHORTEST * recording.rate:
        raise DataError(f"lasts {len(samples) / recording.rate:.3f} s; at least {SHORTEST} s are needed")
    return samples


def play_to_devices(
    take: Take,
    recordings: Path,
    responses: Mapping[str, Path],
    accept: Acceptance | None = None,
    channel: str = MEAN,
) -> tuple[Versions, int]:
    """Read a recording and apply every device; return samples by device and the sample rate."""
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
    """Return the inputs of a simulated set: names and sizes of recordings, channel, responses, and digest of the code.

    Parameters
    ----------
    recordings
        Folder of the recordings.
    responses
        Impulse responses by device.
    takes
        Recordings of the set; see `plan_simulated`.
    channel
        Channel used of recordings with several channels; see `mix_down`.
    """
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
    """Write a simulated set in the TAU layout into `target`.

    Every recording is written for device a and for each simulated device, with 24 bits, one channel and its original
    sample rate. After an interruption, the same call completes the set.

    Parameters
    ----------
    recordings, source, reading
        See `plan_simulated`.
    responses
        Folder of impulse responses; see `load_response`.
    target
        Folder of the set; new, empty, or left unfinished by the same call.
    workers
        Number of processes; it does not affect the files.
    devices
        Largest number of responses used.
    accept
        Accepted irregularities of recordings; see `read_recording`.
    channel
        Channel used of recordings with several channels; see `mix_down`.

    Raises
    ------
    DataError, ConfigError
        If the inputs cannot be used (each bad file is named), or `target` holds other files.
    """
    chosen = name_devices(responses, devices)
    _check_responses(chosen)
    takes = plan_simulated(recordings, chosen, source, reading)
    origin = simulated_origin(recordings, chosen, takes, channel)
    play = partial(play_to_devices, recordings=recordings, responses=chosen, accept=accept, channel=channel)
    make_set(target, takes, play, origin=origin, bits=24, workers=workers, title="simulating devices")
