"""Cities, locations and devices, from identifiers, columns, folders or what the user says."""

from pathlib import Path

import pytest

from common.errors import ConfigError
from data_prep.layouts import LAYOUTS
from data_prep.listing import Listing, Reading, read_listing
from data_prep.metadata import read_clips
from data_prep.problems import Problems

FOLDER = LAYOUTS["folder"]


def listed(root: Path, header: str, *rows: str, **reading: str) -> Listing:
    (root / "meta.csv").write_text("\n".join([header, *rows]) + "\n")
    return read_listing(root, FOLDER, Reading(**reading))  # type: ignore[arg-type]


def folders(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


@pytest.mark.parametrize(
    ("city", "cities", "how"),
    [
        ("", ["oslo-2024-05", "glade"], "the identifier up to its last hyphen"),
        ("last-hyphen", ["oslo-2024-05", "glade"], "the identifier up to its last hyphen"),
        ("first-hyphen", ["oslo", "glade"], "the identifier up to its first hyphen"),
        ("Town", ["Oslo", "Bergen"], "the column town"),
    ],
)
def test_the_city_is_read_as_asked(tmp_path: Path, city: str, cities: list[str], how: str) -> None:
    rows = ["1.wav,park,oslo-2024-05-03,a,Oslo", "2.wav,park,glade,a,Bergen"]
    listing = listed(tmp_path, "filename,scene_label,identifier,source_label,town", *rows, city=city)
    assert [row.city for row in listing.rows] == cities
    assert listing.cities == how
    locations = ["Oslo-oslo-2024-05-03", "Bergen-glade"] if city == "Town" else ["oslo-2024-05-03", "glade"]
    assert [row.location for row in listing.rows] == locations
    assert listing.warnings == ([] if city == "Town" else ["1 columns of meta.csv are not used: 'town'"])


def test_what_the_list_leaves_out_can_be_said(tmp_path: Path) -> None:
    listing = listed(tmp_path, "scene_label;filename", "park;x/1.wav", device="phone", city="oslo")
    assert listing.rows == [(2, "x/1.wav", "park", "oslo", "oslo-x/1", "phone")]
    listing = listed(tmp_path, "scene_label;filename;identifier;source_label", "park;1.wav;o-1;", device="phone")
    assert listing.rows == [(2, "1.wav", "park", "o", "o-1", "phone")]


@pytest.mark.parametrize(
    ("header", "reading", "found"),
    [
        ("filename,scene_label,identifier,source_label", {"city": "twon"}, "it has filename, scene_label, identifier"),
        ("filename,scene_label,town,source_label", {"city": "town"}, "beside identifier"),
        ("filename,scene_label,identifier,source_label", {"device": "folder"}, "folders are ignored"),
    ],
)
def test_a_reading_that_does_not_fit_is_named(tmp_path: Path, header: str, reading: dict[str, str], found: str) -> None:
    with pytest.raises(ConfigError, match=found):
        listed(tmp_path, header, "1.wav,park,oslo-1,a", **reading)


def test_class_folders_of_one_device(tmp_path: Path) -> None:
    folders(tmp_path, *(f"{scene}/{number}.wav" for scene in ("park", "tram") for number in range(4)))
    clips, problems, warnings = read_clips(tmp_path, FOLDER, "phone", reading=Reading(device="phone"))
    assert (problems, warnings) == ([], [])
    assert list(clips["scene"]) == ["park"] * 4 + ["tram"] * 4
    assert set(clips["device"]) == {"phone"}
    assert list(clips["city"]) == ["barcelona", "helsinki", "lisbon", "london"] * 2
    assert list(clips["location"][:2]) == ["barcelona-park_0", "helsinki-park_1"]
    assert clips["location"].is_unique  # equal file names in two classes are two places
    assert clips["recording"].is_unique


def test_class_folders_with_a_folder_per_device(tmp_path: Path) -> None:
    folders(tmp_path, "park/phone/1.wav", "park/zoom/1.wav", "park/zoom/2.wav", "tram/zoom/1.wav", "tram/zoom/2.wav")
    folders(tmp_path, "park/loose.wav", "evaluation_setup/fold1_train.csv")
    (tmp_path / "evaluation_setup/fold1_train.csv").write_text("filename\npark/zoom/1.wav\n")
    clips, problems, warnings = read_clips(tmp_path, FOLDER, "zoom", reading=Reading(device="folder"))
    assert problems == []
    assert len(warnings) == 1
    assert "loose" in warnings[0]
    assert list(clips["device"]) == ["phone", "zoom", "zoom", "zoom", "zoom"]
    assert list(clips["city"]) == ["barcelona", "barcelona", "helsinki", "barcelona", "helsinki"]
    assert list(clips["fold"]) == ["", "train", "", "", ""]
    with pytest.raises(Problems, match=r"there are no class folders .*4 audio|--device folder reads"):
        read_clips(folders(tmp_path / "deep", "x/y/1.wav"), FOLDER, reading=Reading(device="zoom"))
    with pytest.raises(ConfigError, match=r"device = '' is not allowed: without meta.csv, .*--init-meta"):
        read_clips(tmp_path, FOLDER)


@pytest.mark.parametrize(
    ("city", "cities"),
    [("first-hyphen", ["oslo", "new"]), ("last-hyphen", ["oslo", "new-york"]), ("rome", ["rome"] * 3)],
)
def test_the_city_of_class_folders_can_be_said(tmp_path: Path, city: str, cities: list[str]) -> None:
    folders(tmp_path, "park/oslo-1.wav", "tram/new-york-1.wav", "tram/x.wav")
    clips, problems, _ = read_clips(tmp_path, FOLDER, reading=Reading(device="a", city=city))
    assert list(clips["city"]) == cities
    named = [] if city == "rome" else ["tram/x.wav: its name has no hyphen after a city"]
    assert [str(problem) for problem in problems] == named


def test_classes_spelt_alike_are_an_error(tmp_path: Path) -> None:
    folders(tmp_path, "street/1.wav", "street_/2.wav", "park/1.wav")
    _, problems, _ = read_clips(tmp_path, FOLDER, reading=Reading(device="a"))
    assert [problem.file for problem in problems] == ["street_/2.wav"]
    assert "scene 'street_' (1 clip) is 'street' (1) in another spelling" in problems[0].reason
