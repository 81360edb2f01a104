"""Facts about devices: aggregated by hand here, and kept in the set's folder."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from scipy.signal import butter, sosfilt

from data_prep.device_facts import CLIPPED, DEVICES, FaultyClip, aggregate, read_facts, upper_limit
from data_prep.features import FeatureSettings
from data_prep.measuring import Measurement, band_edges, measure
from data_prep.mixing import LOWEST
from data_prep.recording import Recording, resample
from tests.data_prep.conftest import Make
from tests.tiny_sets import read_lists

SETTINGS = FeatureSettings()
EDGES = band_edges(SETTINGS)
BANDS = len(EDGES) - 1


def one(
    level: float = -30.0, rate: int = 44_100, channels: int = 1, slope: float = 0.0, **faulty: float
) -> Measurement:
    spectrum = tuple(level - 40 - slope * band for band in range(BANDS))
    values = {"gain": 0.0, "clipped": 0.0, "flattened": 0.0, **faulty}
    return Measurement(rate=rate, channels=channels, level=level, spectrum=spectrum, **values)


def test_facts_are_medians_counts_and_means() -> None:
    measurements = [one(-30.0), one(-20.0, channels=2), one(-25.0, rate=48_000), one(-40.0, clipped=0.04), one(LOWEST)]
    clips = pd.DataFrame({"clip": list("vwxyz"), "device": ["a", "a", "a", "b", "b"], "silent": [False] * 4 + [True]})
    facts = aggregate(clips, measurements, SETTINGS, "table")
    first, second = facts.devices
    assert (first.device, first.clips, first.silent, first.rates, first.channels) == (
        "a",
        3,
        0,
        (44_100, 48_000),
        (1, 2),
    )
    assert (first.level, first.quiet, first.loud, first.band) == (-25.0, -29.0, -21.0, 11_025.0)
    assert first.spectrum == (-65.0,) * BANDS
    assert (second.clips, second.silent, second.level, second.clipped) == (2, 1, -40.0, 0.02)
    assert facts.faulty == (FaultyClip(clip="y", fault="clipping", value=0.04),)


def test_a_device_that_never_recorded_anything() -> None:
    clips = pd.DataFrame({"clip": ["x"], "device": ["a"], "silent": [True]})
    (facts,) = aggregate(clips, [one(LOWEST)], SETTINGS, "table").devices
    assert (facts.level, facts.silent) == (LOWEST, 1)


def test_faults_are_those_beyond_the_limits() -> None:
    measurements = [
        one(gain=-10.0),
        one(gain=-10.1),
        one(flattened=0.5),
        one(clipped=CLIPPED),
        one(clipped=0.5, gain=-86.0),
    ]
    clips = pd.DataFrame({"clip": list("vwxyz"), "device": "a", "silent": False})
    faulty = aggregate(clips, measurements, SETTINGS, "").faulty
    assert [(each.clip, each.fault) for each in faulty] == [
        ("w", "mixing"),
        ("x", "offset"),
        ("z", "mixing"),
        ("z", "clipping"),
    ]


NOISE = np.random.default_rng(0).normal(0, 0.1, 10 * 44_100).astype(np.float32)
BROWN = np.cumsum(np.random.default_rng(1).normal(0, 0.001, 10 * 44_100)).astype(np.float32)


def spectrum(samples: np.ndarray, rate: int) -> np.ndarray:
    waveform = resample(samples.astype(np.float32), rate)
    return np.array(measure(Recording(waveform[:, None], rate, "", 0), waveform, waveform, SETTINGS).spectrum)


@pytest.mark.parametrize(
    ("samples", "rate", "lowest", "highest"),
    [
        (NOISE, 44_100, 11_025, 11_025),
        (BROWN, 44_100, 11_025, 11_025),
        (np.diff(NOISE), 44_100, 11_025, 11_025),
        (sosfilt(butter(4, 2_000, fs=44_100, output="sos"), NOISE), 44_100, 11_025, 11_025),  # 24 dB less per octave
        (1e-3 * NOISE + np.sin(2 * np.pi * 50 * np.arange(len(NOISE)) / 44_100), 44_100, 11_025, 11_025),
        (NOISE, 8_000, 3_400, 4_000),
        (NOISE, 16_000, 6_900, 8_000),
        (NOISE + sosfilt(butter(20, 5_000, "low", fs=44_100, output="sos"), 300 * NOISE), 44_100, 5_000, 6_200),
    ],
    ids=["white", "brown", "violet", "24 dB per octave", "hum", "8 kHz", "16 kHz", "50 dB down above 5 kHz"],
)
def test_a_cliff_is_found_and_a_slope_is_none(samples: np.ndarray, rate: int, lowest: float, highest: float) -> None:
    assert lowest <= upper_limit(spectrum(samples, rate), EDGES) <= highest


def test_a_prepared_set_keeps_its_facts(make: Make, root: Path) -> None:
    rows = read_lists(root)
    noise = np.random.default_rng(0).normal(0, 0.1, 4410)
    soundfile.write(root / rows[4][0], np.stack([noise, -noise], axis=1), 22_050, subtype="FLOAT")
    prepared = make()
    facts = read_facts(prepared.folder, prepared.manifest.clips)
    assert facts is not None
    assert [each.device for each in facts.devices] == ["a", "b", "s1"]
    assert [each.clips for each in facts.devices] == [12, 12, 12]
    assert facts.faulty == (FaultyClip(clip=rows[4][0], fault="mixing", value=LOWEST),)
    levels = [20 * np.log10(soundfile.read(root / row[0])[0].std()) for row in rows if row[3] == "a"]
    assert facts.devices[0].level == pytest.approx(np.median(levels), abs=0.1)
    assert read_facts(prepared.folder, "another table") is None
    file = prepared.folder / DEVICES
    whole = file.read_text()
    for damaged in ("", "{}", "[]", whole.replace('"clips": 12', '"clips": 13'), whole.replace('"faulty"', '"faults"')):
        file.write_text(damaged)
        assert read_facts(prepared.folder, prepared.manifest.clips) is None
