"""Layouts: what lists of the known data sets may say, and which absences the second version of one explains."""

from pathlib import Path

import pytest

from data_prep.layouts import LAYOUTS, device_kinds
from data_prep.listing import COLUMNS
from data_prep.metadata import read_clips

TAU2020 = LAYOUTS["tau2020"]


def test_known_data_sets_have_ten_scenes_ten_cities_and_their_devices() -> None:
    assert set(LAYOUTS) == {"folder", "tau2019", "tau2020", "tau2022"}
    for name, devices, seconds in (("tau2019", 1, 10.0), ("tau2020", 9, 10.0), ("tau2022", 9, 1.0)):
        layout = LAYOUTS[name]
        assert layout.scenes is not None
        assert layout.cities is not None
        assert layout.devices is not None
        assert (len(layout.scenes), len(layout.cities), len(layout.devices)) == (10, 10, devices)
        assert list(layout.scenes) == sorted(layout.scenes)
        assert layout.seconds == seconds
    assert LAYOUTS["tau2019"].only_device == "a"
    assert TAU2020.only_device is LAYOUTS["folder"].only_device is None


@pytest.mark.parametrize(
    ("layout", "clip", "device"),
    [
        ("tau2019", "audio/tram-paris-12-345-a.wav", "a"),
        ("tau2020", "audio/tram-paris-12-345-s6.wav", "s6"),
        ("tau2022", "audio/tram-paris-12-345-9-b.wav", "b"),
        ("folder", "anything/at all.flac", "my phone"),
    ],
)
def test_rows_of_the_data_set_have_no_faults(layout: str, clip: str, device: str) -> None:
    assert not list(LAYOUTS[layout].faults(clip, "tram", "paris", device))


@pytest.mark.parametrize(
    ("clip", "scene", "city", "device", "fault"),
    [
        ("audio/train-paris-1-2-a.wav", "train", "paris", "a", "unknown scene 'train'"),
        ("audio/tram-madrid-1-2-a.wav", "tram", "madrid", "a", "unknown city 'madrid'"),
        ("audio/tram-paris-1-2-d.wav", "tram", "paris", "d", "unknown device 'd'"),
        ("audio/tram-paris-1-2-s7.wav", "tram", "paris", "s7", "unknown device 's7'"),
        ("audio/bus-paris-1-2-a.wav", "tram", "paris", "a", "scene 'tram', the file's name 'bus'"),
        ("audio/tram-lyon-1-2-a.wav", "tram", "paris", "a", "city 'paris', the file's name 'lyon'"),
        ("audio/tram-paris-1-2-b.wav", "tram", "paris", "a", "device 'a', the file's name 'b'"),
        ("audio/tram-paris-1-2-0-a.wav", "tram", "paris", "a", "is not named audio/"),
        ("audio/tram-paris-1-a.wav", "tram", "paris", "a", "is not named audio/"),
        ("tram-paris-1-2-a.wav", "tram", "paris", "a", "is not named audio/"),
        ("audio/tram-paris-1-2-a.flac", "tram", "paris", "a", "is not named audio/"),
    ],
)
def test_faults_name_the_value(clip: str, scene: str, city: str, device: str, fault: str) -> None:
    faults = list(TAU2020.faults(clip, scene, city, device))
    assert len(faults) == 1
    assert fault in faults[0]


def test_only_what_the_second_version_dropped_is_excused() -> None:
    dropped = {3: "b", 8: "b", 11: "c", 12: "c", 13: "c"}
    assert TAU2020.dropped_rows(23_040, dropped) == [3, 8, 11, 12, 13]
    assert TAU2020.dropped_rows(23_040, {**dropped, 20: "a"}) == [3, 8, 11, 12, 13]
    assert TAU2020.dropped_rows(23_040, {**dropped, 20: "c"}) == []
    assert TAU2020.dropped_rows(23_040, {3: "b"}) == []
    assert TAU2020.dropped_rows(23_035, dropped) == []
    assert LAYOUTS["folder"].dropped_rows(0, {}) == []


def first_version() -> list[str]:
    """Rows with the numbers of TAU 2020 Mobile's first version: 14,400 of a, 1,080 of each other device."""
    rows = []
    for number in range(14_400):
        scene, city = (TAU2020.scenes or ())[number % 10], (TAU2020.cities or ())[number // 10 % 10]
        for device in TAU2020.devices or () if number < 1_080 else ("a",):
            stem = f"{scene}-{city}-{number // 100}-{number}"
            rows.append(f"audio/{stem}-{device}.wav\t{scene}\t{city}-{number // 100}\t{device}")
    return rows


def test_lists_of_either_version_load_with_audio_of_either(tmp_path: Path) -> None:
    first = first_version()
    assert len(first) == 23_040
    of_b, of_c = ([row for row in first if row.endswith(f"\t{device}")] for device in "bc")
    second = [row for row in first if row not in (*of_b[5:7], *of_c[:3])]
    gone = [row.split("\t")[0] for row in (*of_b[5:7], *of_c[:3])]
    meta, fold = tmp_path / "meta.csv", tmp_path / "evaluation_setup" / "fold1_train.csv"
    for folder in ("audio", "evaluation_setup"):
        (tmp_path / folder).mkdir()
    for row in first:
        (tmp_path / row.split("\t")[0]).touch()
    fold.write_text("\n".join(["filename", *(row.split("\t")[0] for row in first)]))

    meta.write_text("\n".join(["\t".join(COLUMNS), *second]))
    clips, problems, warnings = read_clips(tmp_path, TAU2020)
    assert (len(clips), problems) == (23_035, [])
    assert any("5 recordings are not listed" in warning for warning in warnings)
    assert any("5 clips of evaluation_setup/fold1_train.csv are not in meta.csv" in warning for warning in warnings)
    assert (clips["fold"] == "train").all()

    meta.write_text("\n".join(["\t".join(COLUMNS), *first]))
    for name in gone:
        (tmp_path / name).unlink()
    clips, problems, warnings = read_clips(tmp_path, TAU2020)
    assert (len(clips), problems) == (23_035, [])
    assert all(name in warnings[0] for name in gone)

    lost = of_b[0].split("\t")[0]
    (tmp_path / lost).unlink()
    clips, problems, _ = read_clips(tmp_path, TAU2020)
    assert {problem.reason.split("'")[1] for problem in problems} == {lost, *gone}


@pytest.mark.parametrize(
    ("devices", "made", "kinds"),
    [
        (["a", "b", "s1", "s10"], False, ["reference", "real", "simulated", "simulated"]),
        (["a", "s9", "pixel7"], False, ["reference", "real", "real"]),  # s9 is a telephone here
        (["a", "b", "s1"], True, ["reference", "simulated", "simulated"]),
        (["a"], False, ["reference"]),
    ],
)
def test_kinds_of_devices(devices: list[str], made: bool, kinds: list[str]) -> None:
    assert list(device_kinds(devices, "a", made=made).values()) == kinds
