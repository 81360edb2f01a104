"""Device variants of anyone's recordings through anyone's impulse responses, in the layout of TAU 2020 Mobile.

The recordings are device a. Each impulse response is one more device: b and c in the order of the file names, then s1,
s2, ..., which compress the dynamic range besides, as TAU's simulated devices do.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from common.errors import ConfigError, DataError
from data_prep.devices import Compression, Device, load_response
from data_prep.layouts import LAYOUTS
from data_prep.making import Take, Versions, code_digest, make_set
from data_prep.metadata import META, Problem, Problems, read_clips
from data_prep.recording import Recording, read_recording

REFERENCE = "a"
COMPRESSION = Compression(threshold=0.0, ratio=2.0)
SHORTEST = 0.1  # seconds of a recording
_CITIES = LAYOUTS["tau2020"].cities or ()
_AUDIO = {".wav", ".flac", ".ogg"}
_TAKE = re.compile(r"-[A-Z](-\d+)?$")


def _audio_files(folder: Path) -> list[Path]:
    files = (path for path in folder.iterdir() if path.suffix.lower() in _AUDIO and not path.name.startswith("."))
    return sorted(files, key=lambda path: path.name)


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
    files = _audio_files(responses) if responses.is_dir() else []
    if not files:
        raise DataError(f"{responses} holds no impulse responses (WAV, FLAC or Ogg files)")
    count = min(most, len(files))
    chosen = [files[round(index * (len(files) - 1) / max(1, count - 1))] for index in range(count)]
    names = ["b", "c", *(f"s{number}" for number in range(1, count))]
    return dict(zip(names, chosen, strict=False))


def deal_cities(sources: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Deal the places that recordings were made at out to ten cities, so that every class is heard in many.

    Parameters
    ----------
    sources
        Names of the places by class. A place that several classes share keeps its one city.

    Returns
    -------
    dict
        City by place: always the one that has fewest places of the class so far, alphabetically first.
    """
    city_of: dict[str, str] = {}
    for scene in sorted(sources):
        places = sorted(set(sources[scene]))
        filled = Counter(city_of[place] for place in places if place in city_of)
        for place in places:
            if place not in city_of:
                city_of[place] = min(_CITIES, key=lambda city: (filled[city], city))
                filled[city_of[place]] += 1
    return city_of


def _plain(name: str) -> str:
    """Make a name fit for a file name whose fields stand between hyphens."""
    return re.sub(r"[^\w.]|-", "_", name)


def _from_lists(recordings: Path, devices: tuple[str, ...], source: str) -> Iterator[Take]:
    clips, problems, _ = read_clips(recordings, LAYOUTS["folder"], source)
    if problems:
        raise Problems(problems)
    for clip in clips[clips["device"] == source].itertuples():
        yield Take(
            stem=str(clip.recording).removeprefix("audio/").replace("/", "_"),
            scene=str(clip.scene),
            identifier=str(clip.location),
            devices=devices,
            source=str(clip.clip),
        )


def _from_folders(recordings: Path, devices: tuple[str, ...]) -> Iterator[Take]:
    folders = sorted(path for path in recordings.iterdir() if path.is_dir() and not path.name.startswith("."))
    files = {folder.name: _audio_files(folder) for folder in folders}
    # Takes of one place differ by a letter at the end (1-187207-A); any other name is a place of its own.
    place = {file: _plain(_TAKE.sub("", file.stem)) for paths in files.values() for file in paths}
    city_of = deal_cities({name: [place[file] for file in paths] for name, paths in files.items()})
    for name, paths in files.items():
        for segment, file in enumerate(paths):
            city, scene = city_of[place[file]], _plain(name)
            yield Take(
                stem=f"{scene}-{city}-{place[file]}-{segment}",
                scene=scene,
                identifier=f"{city}-{place[file]}",
                devices=devices,
                source=file.relative_to(recordings).as_posix(),
            )


def plan_simulated(recordings: Path, devices: Iterable[str], source: str = REFERENCE) -> list[Take]:
    """Return the recordings found and what their versions on `devices` (and a) will be called.

    Parameters
    ----------
    recordings
        A folder in the TAU layout, whose clips of one device, scenes, cities and locations are used, or a folder with
        one subfolder of audio files per class, whose places are dealt out to ten cities.
    source
        That device; its clips become those of device a.

    Raises
    ------
    DataError, ConfigError
        If there are none, the lists have faults, or two recordings would have one name.
    """
    if not recordings.is_dir():
        raise DataError(f"{recordings} is no folder; name one with {META}, or with one subfolder per class")
    versions = (REFERENCE, *devices)
    listed = (recordings / META).is_file()
    takes = list(_from_lists(recordings, versions, source) if listed else _from_folders(recordings, versions))
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


def _usable(recording: Recording) -> Recording:
    if not recording.samples.any():
        raise DataError("is silent")
    if len(recording.samples) < SHORTEST * recording.rate:
        raise DataError(f"lasts {len(recording.samples) / recording.rate:.3f} s; at least {SHORTEST} s are needed")
    return recording


def _play(take: Take, recordings: Path, responses: Mapping[str, Path]) -> tuple[Versions, int]:
    """Read a recording and play it to every device."""
    recording = _usable(read_recording(recordings / take.source))
    rate = recording.rate
    played = {name: _device(name, path, rate).record(recording.samples) for name, path in responses.items()}
    return {REFERENCE: recording.samples.astype(np.float64), **played}, rate


def _check_responses(responses: Mapping[str, Path]) -> None:
    problems = []
    for path in responses.values():
        try:
            load_response(path, 44_100)
        except DataError as error:
            problems.append(Problem(path.name, None, str(error)))
    if problems:
        raise Problems(problems)


def simulated_origin(recordings: Path, responses: Mapping[str, Path], takes: Iterable[Take]) -> dict[str, object]:
    """Return what a simulated set depends on: the recordings' names and sizes, the responses, and the code."""
    sizes = "".join(f"{take.stem}\t{take.source}\t{(recordings / take.source).stat().st_size}\n" for take in takes)
    room = Path(__file__).parent
    return {
        "code": code_digest(room / name for name in ("devices.py", "making.py", "simulated_set.py")),
        "devices": {name: path.name for name, path in responses.items()},
        "responses": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in responses.values()},
        "recordings": hashlib.sha256(sizes.encode()).hexdigest(),
    }


def make_simulated(
    recordings: Path, responses: Path, target: Path, workers: int, devices: int = 8, source: str = REFERENCE
) -> None:
    """Write recordings and their versions on simulated devices into `target`: meta.csv and audio/ as TAU has them.

    Every recording is written as device a and on every other device, 24 bit, one channel, at its own rate. Killed and
    called again it keeps what is finished.

    Parameters
    ----------
    recordings, source
        See `plan_simulated`.
    responses
        Folder of impulse responses of any rate, length, level, delay and polarity.
    target
        Folder of the set; new, empty or begun by the same call before.
    workers
        Processes; the files do not depend on it.
    devices
        Use at most this many responses.

    Raises
    ------
    DataError, ConfigError
        If the inputs cannot be used (each bad file is named), or `target` holds something else.
    """
    chosen = name_devices(responses, devices)
    _check_responses(chosen)
    takes = plan_simulated(recordings, chosen, source)
    origin = simulated_origin(recordings, chosen, takes)
    play = partial(_play, recordings=recordings, responses=chosen)
    make_set(target, takes, play, origin=origin, bits=24, workers=workers, title="simulating devices")
