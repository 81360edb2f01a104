"""Warnings: what stands out is named with its number, and ordinary devices are left alone."""

import numpy as np
import pytest

from data_prep.cautions import cautions, outliers
from data_prep.device_facts import DeviceFacts, FaultyClip, SetFacts
from data_prep.mixing import LOWEST


def device(name: str, level: float = -30.0, band: float = 11_025.0) -> DeviceFacts:
    return DeviceFacts(
        device=name,
        clips=9,
        silent=0,
        rates=(44_100,),
        channels=(1,),
        level=level,
        quiet=level,
        loud=level,
        band=band,
        clipped=0.0,
        spectrum=(-60.0,),
    )


def facts(*devices: DeviceFacts, faulty: tuple[FaultyClip, ...] = ()) -> SetFacts:
    return SetFacts(clips="", edges=(50.0, 11_025.0), devices=devices, faulty=faulty)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"a": -30.0}, {}),
        ({"a": -30.0, "b": -49.0}, {}),
        ({"a": -30.0, "b": 40.0}, {"b": 70.0}),
        ({"x": 40.0, "a": -30.0}, {"x": 70.0}),
        ({"a": 40.0, "b": -30.0, "c": -32.0, "d": -28.0}, {"a": 69.0}),
        ({"a": -30.0, "b": -31.0, "c": -78.0}, {"c": -47.0}),
        ({}, {}),
    ],
)
def test_who_stands_out(values: dict[str, float], expected: dict[str, float]) -> None:
    assert outliers(values, "a", 20.0) == pytest.approx(expected)


def test_many_devices_that_differ_anyway_do_not_stand_out() -> None:
    levels = np.random.default_rng(0).normal(-40, 15, 50)
    spread = 1.4826 * np.median(np.abs(levels - np.median(levels)))
    found = outliers({str(n): float(level) for n, level in enumerate(levels)}, "0", 20.0)
    assert set(found) == {str(n) for n in np.flatnonzero(np.abs(levels - np.median(levels)) > 3 * spread)}
    assert len(found) < 3


def test_ordinary_devices_are_not_warned_of() -> None:
    assert cautions(facts(device("a"), device("b", -45), device("c", -12, band=9_000)), "a") == []
    assert cautions(facts(device("a", LOWEST, band=4_000)), "a") == []


def test_devices_that_stand_out_are_named_with_their_number() -> None:
    found = cautions(
        facts(device("a"), device("b", 40.0), device("c", -78.0), device("d"), device("e", band=7_795.0)), "a"
    )
    assert [text.split(":")[0] for text in found] == [
        "device 'b' is louder than full scale",
        "device 'c' stands out",
        "device 'e' records nothing above 7.8 kHz; the spectrogram's bands from there to 11.0 kHz are empty",
    ]
    assert "+40.0 dB" in found[0]
    assert "-48.0 dB" in found[1]


def test_odd_recordings_are_counted_and_the_first_ten_named() -> None:
    faulty = [FaultyClip(clip=f"{number}.wav", fault="mixing", value=-86.0) for number in range(12)]
    faulty += [
        FaultyClip(clip="lifted.wav", fault="offset", value=0.83),
        FaultyClip(clip="loud.wav", fault="clipping", value=0.05),
    ]
    found = cautions(facts(device("a"), faulty=tuple(faulty)), "a")
    assert found[0].startswith("12 recordings: the mono signal is more than 10 dB below the loudest channel")
    assert "'9.wav' (-86.0 dB), ..." in found[0]
    assert "10.wav" not in found[0]
    assert found[1].startswith("1 recording: a constant offset")
    assert "--high-pass 20" in found[1]
    assert "'lifted.wav' (83 %)" in found[1]
    assert "'loud.wav' (5.0 %)" in found[2]
