"""Lists: good ones become the clips table, each fault of a bad one is named with file, line and value."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import ConfigError
from data_prep.layouts import LAYOUTS
from data_prep.listing import Reading
from data_prep.metadata import read_clips
from data_prep.problems import Problem, Problems

HEADER = "filename\tscene_label\tidentifier\tsource_label"
ROWS = [
    "audio/airport-lisbon-1000-40000-a.wav\tairport\tlisbon-1000\ta",
    "audio/airport-lisbon-1000-40000-s1.wav\tairport\tlisbon-1000\ts1",
    "audio/bus-lyon-1001-40001-a.wav\tbus\tlyon-1001\ta",
    "audio/bus-lyon-1001-40001-b.wav\tbus\tlyon-1001\tb",
]
TAU2020, FOLDER = LAYOUTS["tau2020"], LAYOUTS["folder"]


def make(root: Path, rows: list[str], header: str = HEADER, audio: bool = True) -> Path:
    (root / "meta.csv").write_bytes(("\n".join([header, *rows]) + "\n").encode())
    for row in rows if audio else []:
        path = root / row.split("\t")[0]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


def make_fold(root: Path, name: str, lines: list[str]) -> None:
    (root / "evaluation_setup").mkdir(exist_ok=True)
    (root / "evaluation_setup" / f"fold1_{name}.csv").write_text("\n".join(lines) + "\n")


def row(clip: str, scene: str = "airport", location: str = "lisbon-1", device: str = "a") -> str:
    return "\t".join([clip, scene, location, device])


def test_good_lists_become_the_clips_table(tmp_path: Path) -> None:
    make(tmp_path, ROWS)
    make_fold(tmp_path, "train", ["filename\tscene_label", *("\t".join(line.split("\t")[:2]) for line in ROWS[:2])])
    make_fold(tmp_path, "test", ["filename", ROWS[2].split("\t")[0]])
    clips, problems, warnings = read_clips(tmp_path, TAU2020)
    assert problems == []
    assert warnings == []
    expected = pd.DataFrame(
        {
            "clip": [line.split("\t")[0] for line in ROWS],
            "recording": ["airport-lisbon-1000-40000"] * 2 + ["bus-lyon-1001-40001"] * 2,
            "scene": ["airport", "airport", "bus", "bus"],
            "city": ["lisbon", "lisbon", "lyon", "lyon"],
            "location": ["lisbon-1000"] * 2 + ["lyon-1001"] * 2,
            "device": ["a", "s1", "a", "b"],
            "kind": ["reference", "simulated", "reference", "real"],
            "fold": ["train", "train", "test", ""],
        },
        dtype="str",
    )
    pd.testing.assert_frame_equal(clips, expected)


@pytest.mark.parametrize("ends", ["\r\n", "\n"])
@pytest.mark.parametrize("mark", ["\ufeff", ""])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends_and_byte_order_marks_do_not_matter(tmp_path: Path, ends: str, mark: str, last: bool) -> None:
    plain, _, _ = read_clips(make(tmp_path, ROWS), TAU2020)
    (tmp_path / "meta.csv").write_bytes((mark + ends.join([HEADER, *ROWS]) + ends * last).encode())
    clips, problems, _ = read_clips(tmp_path, TAU2020)
    assert problems == []
    pd.testing.assert_frame_equal(clips, plain)


FAULTS = {
    "climbs": (row("audio/../../x-a.wav"), "'audio/../../x-a.wav': leads out"),
    "absolute": (row("/etc/passwd"), "'/etc/passwd': is absolute"),
    "backslash": (row("audio\\x.wav"), "has a backslash"),
    "drive": (row("C:/x.wav"), "'C:/x.wav': is absolute"),
    "drive and no slash": (row("c:x.wav"), "'c:x.wav': is absolute"),
    "dot": (row("audio/./x.wav"), "'audio/./x.wav': has an empty part"),
    "two slashes": (row("audio//x.wav"), "has an empty part"),
    "NUL": (row("audio/x\0.wav"), r"'audio/x\x00.wav\t"),
    "escape": (row("audio/\x1b[31mx.wav"), r"\x1b[31m"),
    "no name": (row(""), "file name is empty"),
    "no scene": (row("x.wav", scene=""), "'x.wav': the column scene_label is empty"),
    "no location": (row("x.wav", location=""), "'x.wav': the column identifier is empty"),
    "no device": (row("x.wav", device=""), "'x.wav': the column source_label is empty"),
    "spaces": (row("x.wav", scene="airport "), "scene 'airport ' (1 clip) is 'airport'"),
    "capitals": (row("x.wav", scene="Airport"), "scene 'Airport' (1 clip) is 'airport'"),
    "underscore": (row("x.wav", scene="airport_"), "scene 'airport_' (1 clip) is 'airport'"),
    "city": (row("x.wav", location="LISBON-1"), "city 'LISBON' (1 clip) is 'lisbon'"),
    "device": (row("x.wav", device="S1"), "device 'S1' (1 clip) is 's1' (1) in another spelling"),
    "extra field": (row("x.wav") + "\tmore", "is 5 instead of 4"),
    "missing field": ("x.wav\tairport\tlisbon-1", "is 3 instead of 4"),
    "commas": (row("x.wav").replace("\t", ","), "is 1 instead of 4"),
    "long field": (row("x.wav", scene="y" * 1_000_000), "(1000000 characters)"),
    "duplicate": (ROWS[0], "'audio/airport-lisbon-1000-40000-a.wav': listed in line 2 already"),
    "duplicate but for case": (
        ROWS[0].replace("audio/", "Audio/"),
        "listed in line 2 already, as 'audio/airport-lisbon-1000-40000-a.wav'",
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_faulty_rows_are_named_and_left_out(tmp_path: Path, case: str) -> None:
    line, reason = FAULTS[case]
    make(tmp_path, ROWS)
    make(tmp_path, [*ROWS[:3], line, ROWS[3]], audio=False)
    clips, problems, _ = read_clips(tmp_path, FOLDER)
    assert [(problem.file, problem.line) for problem in problems] == [("meta.csv", 5)] * len(problems)
    assert reason in "\n".join(map(str, problems))
    assert list(clips["clip"]) == [good.split("\t")[0] for good in ROWS]
    message = str(Problems(problems))
    assert "meta.csv:5: " in message
    assert "\0" not in message
    assert "\x1b" not in message
    assert len(message) < 1_000


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (row("audio/aiport-lisbon-1-2-a.wav", "aiport"), "unknown scene 'aiport'; tau2020 has airport, bus,"),
        (row("audio/bus-rome-1-2-a.wav", "bus", "rome-1"), "unknown city 'rome'"),
        (row("audio/bus-lyon-1-2-d.wav", "bus", "lyon-1", "d"), "unknown device 'd'"),
        (row("audio/bus-lyon-1-2-c.wav", "bus", "lyon-1", "b"), "row has device 'b', the file's name 'c'"),
    ],
)
def test_known_data_sets_know_their_labels(tmp_path: Path, line: str, reason: str) -> None:
    _, problems, _ = read_clips(make(tmp_path, [*ROWS, line]), TAU2020)
    assert [problem.line for problem in problems] == [6]
    assert reason in problems[0].reason


def test_text_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    make(tmp_path, ROWS)
    (tmp_path / "meta.csv").write_bytes("\n".join([HEADER, *ROWS, row("audio/caf\xe9.wav")]).encode("latin-1"))
    clips, problems, _ = read_clips(tmp_path, FOLDER)
    assert len(clips) == 4
    assert problems[0].line == 6
    assert r"caf\udce9" in problems[0].reason
    assert str(problems[0]).isascii()


def test_all_faults_are_found_in_one_pass(tmp_path: Path) -> None:
    lines = [line for line, _ in FAULTS.values()]
    make(tmp_path, ROWS)
    make(tmp_path, [*ROWS, *lines, "audio/absent-a.wav\tbus\tlyon-1\ta"], audio=False)
    clips, problems, _ = read_clips(tmp_path, FOLDER)
    assert len(clips) == 4
    assert {problem.line for problem in problems} == set(range(6, 6 + len(lines) + 1))
    error = Problems(reversed(problems))
    assert len(error.problems) == len(problems)
    assert str(error).startswith(f"{len(problems)} problems")


def test_a_long_report_is_cut_on_the_screen_only() -> None:
    error = Problems(Problem("meta.csv", line, "is odd") for line in range(200, 2, -1))
    assert len(error.problems) == 198
    assert len(str(error).splitlines()) == 52
    assert str(error).splitlines()[1].strip() == "meta.csv:3: is odd"
    assert str(error).endswith("and 148 more")
    assert str(Problems([Problem("audio/x.wav", None, "is cut off")])).startswith("1 problem in")


@pytest.mark.parametrize(
    ("header", "rows", "reason"),
    [
        (
            HEADER.replace("\tsource_label", ""),
            ROWS,
            r"missing: source_label \(--device NAME sets one device for all\)",
        ),
        (HEADER + "\tweather", ROWS, "is 4 instead of 5"),
        (HEADER + "\tfilename", ROWS, "the column filename is there 2 times"),
        (HEADER.replace("\t", ","), ROWS, "is 1 instead of 4"),
        ("\xff\xfe", ROWS, "header needs the columns"),
        ("", [], "header needs the columns"),
        (HEADER, [], "the list has no rows"),
        (HEADER, ["x", "y"], "is 1 instead of 4"),
    ],
)
def test_lists_of_another_shape_are_refused(tmp_path: Path, header: str, rows: list[str], reason: str) -> None:
    with pytest.raises(Problems, match=reason) as raised:
        read_clips(make(tmp_path, rows, header, audio=False), FOLDER)
    assert "meta.csv:" in str(raised.value)


def test_a_folder_without_lists_is_named(tmp_path: Path) -> None:
    with pytest.raises(Problems, match=r"meta\.csv: does not exist in "):
        read_clips(tmp_path, FOLDER)


def test_recordings_are_looked_for_unless_only_the_lists_are_wanted(tmp_path: Path) -> None:
    make(tmp_path, ROWS, audio=False)
    clips, problems, _ = read_clips(tmp_path, TAU2020, check_files=False)
    assert len(clips) == 4
    assert problems == []
    make(tmp_path, ROWS)
    (tmp_path / "audio" / "bus-lyon-1001-40001-a.wav").unlink()
    (tmp_path / "audio" / "bus-lyon-1001-40001-c.wav").touch()
    (tmp_path / "audio" / "notes.txt").touch()
    clips, problems, warnings = read_clips(tmp_path, TAU2020)
    assert list(clips.index) == [0, 1, 2]
    assert [(problem.file, problem.line) for problem in problems] == [("meta.csv", 4)]
    assert "'audio/bus-lyon-1001-40001-a.wav': is listed, but not in" in problems[0].reason
    assert "1 recordings are not listed in meta.csv, and not used: 'audio/bus-lyon-1001-40001-c.wav'" in warnings[0]


def test_links_that_leave_the_data_set_are_refused(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.wav").touch()
    names = ["audio/out.wav", "audio/in.wav", "audio/folder.wav", "audio/dangling.wav", "linked/secret.wav"]
    root.mkdir()
    make(root, [row(name) for name in names], audio=False)
    (root / "audio" / "folder.wav").mkdir(parents=True)
    (root / "audio" / "true.wav").touch()
    (root / "audio" / "in.wav").symlink_to("true.wav")
    (root / "audio" / "out.wav").symlink_to(outside / "secret.wav")
    (root / "audio" / "dangling.wav").symlink_to("nowhere.wav")
    (root / "linked").symlink_to(outside)
    clips, problems, _ = read_clips(root, FOLDER)
    assert list(clips["clip"]) == ["audio/in.wav"]
    found = {problem.line: problem.reason for problem in problems}
    assert "leaves the data set" in found[2]
    assert "--follow-links" in found[2]
    assert "leaves the data set" in found[6]
    assert "not a regular file" in found[4]
    assert "not a regular file" in found[5]
    followed, problems, _ = read_clips(root, FOLDER, reading=Reading(follow_links=True))
    assert list(followed["clip"]) == ["audio/out.wav", "audio/in.wav", "linked/secret.wav"]
    assert {problem.line for problem in problems} == {4, 5}
    (tmp_path / "link").symlink_to(root)
    assert len(read_clips(tmp_path / "link", FOLDER)[0]) == 1


@pytest.mark.parametrize(
    ("name", "lines", "reason"),
    [
        ("train", ["filename\tscene_label", "audio/bus-lyon-1001-40001-a.wav\tbus"], ""),
        ("evaluate", ["filename\tscene_label", "audio/airport-lisbon-1000-40000-a.wav\tairport"], "for train already"),
        ("test", ["filename", "audio/bus-lyon-1001-40001-a.wav", "audio/bus-lyon-1001-40001-a.wav"], "listed twice"),
        ("evaluate", ["filename\tscene_label", "audio/bus-lyon-1001-40001-a.wav\ttram"], "meta.csv has scene 'bus'"),
        ("evaluate", ["filename\tscene_label", "audio/bus-lyon-1001-40001-a.wav"], "is 1 instead of 2"),
        ("test", ["file"], "the columns filename"),
    ],
)
def test_fold_lists_are_checked(tmp_path: Path, name: str, lines: list[str], reason: str) -> None:
    make(tmp_path, ROWS)
    make_fold(tmp_path, "train", ["filename\tscene_label", "audio/airport-lisbon-1000-40000-a.wav\tairport"])
    make_fold(tmp_path, name, lines)
    _, problems, _ = read_clips(tmp_path, TAU2020)
    assert len(problems) == (reason != "")
    for problem in problems:
        assert problem.file == f"evaluation_setup/fold1_{name}.csv"
        assert problem.line == len(lines)
        assert reason in problem.reason


def test_a_data_set_of_one_device_need_not_name_it(tmp_path: Path) -> None:
    rows = ["audio/bus-lyon-1-2-a.wav\tbus\tlyon-1", "audio/tram-lyon-1-3-a.wav\ttram\tlyon-1"]
    for header, lines in ((HEADER.removesuffix("\tsource_label"), rows), (HEADER, [line + "\t" for line in rows])):
        clips, problems, _ = read_clips(make(tmp_path, lines, header), LAYOUTS["tau2019"])
        assert problems == []
        assert list(clips["device"]) == ["a", "a"]


def test_one_second_clips_are_recordings_of_their_own(tmp_path: Path) -> None:
    rows = [row(f"audio/bus-lyon-1-2-{part}-{d}.wav", "bus", "lyon-1", d) for part in (0, 1) for d in ("a", "s4")]
    clips, problems, _ = read_clips(make(tmp_path, rows), LAYOUTS["tau2022"])
    assert problems == []
    assert list(clips["recording"]) == ["bus-lyon-1-2-0"] * 2 + ["bus-lyon-1-2-1"] * 2


def test_own_recordings_may_be_called_anything(tmp_path: Path) -> None:
    rows = [
        row("phone/v1.2/0001.flac", "forest", "new-york-7", "phone"),
        row("recorder/0002.wav", "forest", "glade", "recorder"),
        row("d\xe9j\xe0 vu, 3", "forest", "glade", "recorder"),
    ]
    clips, problems, _ = read_clips(make(tmp_path, rows), FOLDER, "recorder")
    assert problems == []
    assert list(clips["recording"]) == ["0001", "0002", "d\xe9j\xe0 vu, 3"]
    assert list(clips["city"]) == ["new-york", "glade", "glade"]
    assert list(clips["kind"]) == ["real", "reference", "reference"]
    with pytest.raises(ConfigError, match=r"reference_device = 'a' .* phone, recorder"):
        read_clips(tmp_path, FOLDER)


def test_names_say_the_device_where_nearly_all_do(tmp_path: Path) -> None:
    rows = [row(f"{take}-{device}.wav", device=device) for take in range(10) for device in ("a", "b")]
    clips, _, _ = read_clips(make(tmp_path, rows), FOLDER)
    assert list(clips["recording"]) == [str(take) for take in range(10) for _ in range(2)]
    _, problems, _ = read_clips(make(tmp_path, [*rows, row("x-b.wav", device="a")]), FOLDER)
    assert [str(problem) for problem in problems] == [
        "meta.csv:22: 'x-b.wav': the row has device 'a', the file's name 'b', as the other names do"
    ]


def test_numbered_takes_are_no_devices(tmp_path: Path) -> None:
    rows = [
        row(f"park-oslo-{place}-{take}.wav", "park", f"oslo-{place}", d)
        for place, d in enumerate("123")
        for take in (1, 2, 3)
    ]
    clips, problems, _ = read_clips(make(tmp_path, rows), FOLDER, "1")
    assert problems == []
    assert list(clips["device"]) == [*"111222333"]
    assert clips["recording"].is_unique


def test_numbered_takes_are_no_devices_even_where_nearly_all_agree(tmp_path: Path) -> None:
    rows = [row(f"{place}-1.wav", location=f"oslo-{place}", device="1") for place in range(19)]
    rows.append(row("19-1.wav", location="oslo-19", device="2"))
    clips, problems, _ = read_clips(make(tmp_path, rows), FOLDER, "1")
    assert problems == []
    assert list(clips["recording"]) == [f"{place}-1" for place in range(20)]


def test_one_name_typed_two_ways_is_an_error_that_shows_how(tmp_path: Path) -> None:
    composed, decomposed = "\u00e9vora", "e\u0301vora"
    rows = [
        row("1.wav", location=f"{composed}-1"),
        row("2.wav", location=f"{composed}-2"),
        row("3.wav", location=f"{decomposed}-1"),
    ]
    clips, problems, _ = read_clips(make(tmp_path, rows), FOLDER)
    assert [str(problem) for problem in problems] == [
        r"meta.csv:4: '3.wav': city 'e\u0301vora' (1 clip) is '\xe9vora' (2) in another spelling; write one of them"
    ]
    assert list(clips["clip"]) == ["1.wav", "2.wav"]


def test_a_scene_that_is_there_in_another_spelling_has_not_vanished(tmp_path: Path) -> None:
    rows = [row("1.wav", "park"), row("2.wav", "park"), row("3.wav", "Park")]
    _, problems, warnings = read_clips(make(tmp_path, rows), FOLDER)
    assert len(problems) == 1
    assert not any("without any clip" in warning for warning in warnings)


def test_one_spelling_of_a_name_is_stored_composed_and_stripped(tmp_path: Path) -> None:
    clips, problems, _ = read_clips(make(tmp_path, [row("1.wav", "cafe\u0301 ", "e\u0301vora-1", " a")]), FOLDER)
    assert problems == []
    assert clips.loc[0, ["scene", "city", "location", "device"]].tolist() == [
        "caf\u00e9",
        "\u00e9vora",
        "\u00e9vora-1",
        "a",
    ]


def test_the_reference_device_may_be_typed_decomposed(tmp_path: Path) -> None:
    clips, _, _ = read_clips(
        make(tmp_path, [row("1.wav", device="e\u0301"), row("2.wav", device="b")]), FOLDER, "e\u0301"
    )
    assert clips[["device", "kind"]].to_numpy().tolist() == [["\u00e9", "reference"], ["b", "real"]]


def test_files_are_found_by_whichever_spelling_the_disk_has(tmp_path: Path) -> None:
    listed = ["audio/caf\u00e9.wav", "audio/LOUD.WAV", "audio/both.wav"]
    make(tmp_path, [row(name) for name in listed], audio=False)
    make_fold(tmp_path, "train", ["filename", *listed[:2]])
    (tmp_path / "audio").mkdir()
    for name in ("cafe\u0301.wav", "loud.wav", "Both.wav", "BOTH.wav"):
        (tmp_path / "audio" / name).touch()
    clips, problems, warnings = read_clips(tmp_path, FOLDER)
    assert list(clips["clip"]) == ["audio/cafe\u0301.wav", "audio/loud.wav"]
    assert list(clips["fold"]) == ["train", "train"]
    assert [(problem.line, "is listed, but not in" in problem.reason) for problem in problems] == [(4, True)]
    assert "2 recordings are listed in another spelling than the disk's" in warnings[0]


def test_devices_and_scenes_that_vanish_altogether_are_named(tmp_path: Path) -> None:
    make(tmp_path, ROWS)
    (tmp_path / "audio" / "bus-lyon-1001-40001-b.wav").unlink()
    assert read_clips(tmp_path, TAU2020)[2] == ["1 devices are left without any clip: 'b'"]
    (tmp_path / "audio" / "bus-lyon-1001-40001-a.wav").unlink()
    assert read_clips(tmp_path, TAU2020)[2][1] == "1 scenes are left without any clip: 'bus'"


def test_folders_tell_recordings_of_one_name_apart_only_where_they_must(tmp_path: Path) -> None:
    parallel = [row("a/1.wav"), row("b/1.wav", device="b")]
    assert list(read_clips(make(tmp_path, parallel), FOLDER)[0]["recording"]) == ["1", "1"]
    clash = [*parallel, row("other/1.wav")]
    assert list(read_clips(make(tmp_path, clash), FOLDER)[0]["recording"]) == ["a/1", "b/1", "other/1"]


@settings(max_examples=200, deadline=None)
@given(content=st.binary(max_size=200) | st.text(alphabet="ab./\\\t\n\r\0:-\xe9", max_size=200).map(str.encode))
def test_no_list_raises_anything_but_problems(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.mktemp("root")
    for data in (content, HEADER.encode() + b"\n" + content):
        (root / "meta.csv").write_bytes(data)
        try:
            clips, problems, _ = read_clips(root, FOLDER)
        except (Problems, ConfigError):
            continue
        assert clips.empty
        assert problems


def test_the_official_lists_have_no_problems(tau_lists: Path) -> None:
    clips, problems, _ = read_clips(tau_lists, TAU2020, check_files=False)
    assert problems == []
    assert len(clips) in (23_035, 23_040)
    assert (clips["device"] == "a").sum() == 14_400
