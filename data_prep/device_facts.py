"""Facts about each device of a prepared set, aggregated from the measurements of its recordings.

They are stored in `devices.json` in the set's folder, and are not part of the set's identity.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from common.errors import ConfigError
from common.identity import digest, from_plain, plain
from data_prep.features import FeatureSettings
from data_prep.measuring import Measurement, band_edges
from data_prep.mixing import LOWEST

DEVICES = "devices.json"
LOST_IN_MIXING = -10.0  # dB of the loudest channel
FLATTENED = 0.1  # of the spectrogram above 300 Hz
CLIPPED = 0.03  # of the samples
CLIFF = 30.0  # dB; a steeper fall than that of any sound
_LOWEST_LIMIT = 1_000.0  # Hz; below it, a loud hum would look like a band limit
_SPAN = 3  # bands compared on the loud side of a band limit
_SLOPE = 2  # largest number of bands in which the spectrum falls

Fault = Literal["mixing", "offset", "clipping"]


@dataclass(frozen=True, kw_only=True)
class DeviceFacts:
    """Facts about one device.

    Attributes
    ----------
    device
        Name of the device.
    clips, silent
        Number of recordings, and of those with only zeros.
    rates, channels
        Sample rates and channel counts of its files, the commonest first.
    level, quiet, loud
        Median, 10th and 90th percentile of the levels of non-silent recordings, dB of full scale.
    band
        Upper frequency limit in Hz: half the lowest sample rate, or the limit found by `upper_limit`.
    clipped
        Share of samples at full scale, 0 to 1.
    spectrum
        Median over recordings of the power density in each band, dB of full scale squared per Hz.
    """

    device: str
    clips: int
    silent: int
    rates: tuple[int, ...]
    channels: tuple[int, ...]
    level: float
    quiet: float
    loud: float
    band: float
    clipped: float
    spectrum: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class FaultyClip:
    """A faulty recording: its name, the kind of fault, and the value measured for it."""

    clip: str
    fault: Fault
    value: float


@dataclass(frozen=True, kw_only=True)
class SetFacts:
    """Facts about the devices of a set.

    Attributes
    ----------
    clips
        SHA-256 of the clips table that the facts describe.
    edges
        Band edges of the spectra, Hz, one more than there are bands.
    devices
        Facts about each device, sorted by name.
    faulty
        Faulty recordings, in the order of the clips table.
    """

    clips: str
    edges: tuple[float, ...]
    devices: tuple[DeviceFacts, ...]
    faulty: tuple[FaultyClip, ...]


def aggregate(
    clips: pd.DataFrame, measurements: Sequence[Measurement], settings: FeatureSettings, table: str
) -> SetFacts:
    """Aggregate measurements into facts about each device.

    Parameters
    ----------
    clips
        The clips table, with columns `clip`, `device` and `silent`.
    measurements
        Measurement of each row of `clips`.
    settings
        Feature settings.
    table
        SHA-256 of clips.csv.
    """
    measured = pd.Series(list(measurements), index=clips.index)
    edges = band_edges(settings)
    rows = zip(clips["clip"].tolist(), measurements, strict=True)
    return SetFacts(
        clips=table,
        edges=edges,
        devices=tuple(
            _device(str(device), measured[part.index].tolist(), part["silent"].tolist(), edges)
            for device, part in clips.groupby("device", sort=True)
        ),
        faulty=tuple(faulty for clip, measurement in rows for faulty in _faults(clip, measurement)),
    )


def _faults(clip: str, measurement: Measurement) -> Iterable[FaultyClip]:
    if measurement.gain < LOST_IN_MIXING:
        yield FaultyClip(clip=clip, fault="mixing", value=measurement.gain)
    if measurement.flattened > FLATTENED:
        yield FaultyClip(clip=clip, fault="offset", value=measurement.flattened)
    if measurement.clipped > CLIPPED:
        yield FaultyClip(clip=clip, fault="clipping", value=measurement.clipped)


def _by_count(values: Iterable[int]) -> tuple[int, ...]:
    counts = Counter(values)
    return tuple(sorted(counts, key=lambda value: (-counts[value], value)))


def _device(
    device: str, measurements: Sequence[Measurement], silent: Sequence[bool], edges: tuple[float, ...]
) -> DeviceFacts:
    sounding = [each for each in measurements if each.level > LOWEST]
    levels = [each.level for each in sounding] or [LOWEST]
    spectra = np.array([each.spectrum for each in sounding] or [(LOWEST,) * (len(edges) - 1)])
    spectrum = np.median(spectra, axis=0).round(1)
    quiet, level, loud = (round(float(value), 1) for value in np.percentile(levels, (10, 50, 90)))
    rates = _by_count(each.rate for each in measurements)
    return DeviceFacts(
        device=device,
        clips=len(measurements),
        silent=int(np.sum(silent)),
        rates=rates,
        channels=_by_count(each.channels for each in measurements),
        level=level,
        quiet=quiet,
        loud=loud,
        band=min(upper_limit(spectrum, edges), min(rates) / 2),
        clipped=round(float(np.mean([each.clipped for each in measurements])), 6),
        spectrum=tuple(spectrum.tolist()),
    )


def upper_limit(spectrum: NDArray[np.float64], edges: Sequence[float]) -> float:
    """Return the upper frequency limit of a spectrum in Hz, or the upper edge of its last band if it has no limit.

    Above a limit, all bands lie at least 30 dB below each of three adjacent bands that end at most two bands before
    it. Resamplers, codecs and microphones cause such steep falls; sounds do not.

    Parameters
    ----------
    spectrum
        Power density in dB, shape (bands,); a band spans a sixth of an octave.
    edges
        Band edges in Hz, one more than there are bands.
    """
    lowest = max(_SPAN, int(np.searchsorted(edges, _LOWEST_LIMIT))) - 1
    loudest_from = np.maximum.accumulate(spectrum[::-1])[::-1]
    for band in range(lowest, len(spectrum) - _SLOPE - 1):
        deep = loudest_from[band + 1 :] <= spectrum[band - _SPAN + 1 : band + 1].min() - CLIFF
        if deep[_SLOPE]:
            return float(edges[band + 1 + int(deep.argmax())])
    return float(edges[-1])


def as_plain(facts: SetFacts) -> dict[str, Any]:
    """Return the facts as JSON-serialisable values together with their digest, by which damage is detected."""
    return {**plain(facts), "digest": digest(facts)}


def read_facts(folder: Path, table: str) -> SetFacts | None:
    """Read the facts about a set's devices; return None if they are missing, damaged or describe other clips.

    Parameters
    ----------
    folder
        Folder of the set.
    table
        SHA-256 of the clips table, as declared in the manifest.
    """
    try:
        value = json.loads((folder / DEVICES).read_bytes())
        seal = value.pop("digest")
        facts = from_plain(SetFacts, value)
        return facts if facts.clips == table and digest(facts) == seal else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ConfigError):
        return None
