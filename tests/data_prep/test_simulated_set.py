"""Device variants of recordings, against scipy's convolution, in both layouts, with everything that can be wrong."""

import hashlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.signal import fftconvolve

from common.errors import ConfigError, DataError
from data_prep import simulated_set
from data_prep.devices import Compression
from data_prep.layouts import LAYOUTS
from data_prep.listing import Reading
from data_prep.metadata import read_clips
from data_prep.problems import Problems
from data_prep.recording import Recording
from data_prep.simulated_set import make_simulated, name_devices, plan_simulated, unused_file_warnings

RATE = 44_100


def sound(seed: int, seconds: float = 0.4, rate: int = RATE, peak: float = 0.2) -> np.ndarray:
    samples = np.cumsum(np.random.default_rng(seed).standard_normal(int(seconds * rate)))
    samples -= np.linspace(samples[0], samples[-1], len(samples))
    samples *= peak / np.abs(samples).max()
    return samples


def response(seed: int, taps: int = 400) -> np.ndarray:
    rng = np.random.default_rng(1000 + seed)
    tail = 0.2 * rng.standard_normal(taps) * np.exp(-np.arange(taps) / 40)
    return np.concatenate([[1.0], tail[1:]]) * rng.uniform(0.1, 1)


@pytest.fixture
def responses(tmp_path: Path) -> Path:
    folder = tmp_path / "responses"
    folder.mkdir()
    for number, name in enumerate(("Zeta", "alpha", "beta", "omega")):
        soundfile.write(folder / f"{name}.wav", response(number), RATE, subtype="FLOAT")
    (folder / "licence.txt").write_text("free")
    return folder


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    for number, scene in enumerate(("door", "kettle-on")):
        (folder / scene).mkdir(parents=True)
        for take in range(3):
            path = folder / scene / f"{number}-77{take // 2}-{'ABC'[take]}.wav"
            soundfile.write(path, sound(10 * number + take), RATE, subtype="PCM_24")
    soundfile.write(folder / "door" / "stereo at home.flac", np.stack([sound(1), sound(2)], 1), 48_000)
    (folder / "CREDITS.tsv").write_text("me")
    return folder


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def read(path: Path) -> np.ndarray:
    samples: np.ndarray = soundfile.read(path)[0]
    return samples


def test_clips_are_the_recording_convolved_and_nothing_else(recordings: Path, responses: Path, tmp_path: Path) -> None:
    make_simulated(recordings, responses, tmp_path / "set", workers=1)
    clips, _, _ = read_clips(tmp_path / "set", LAYOUTS["folder"])
    for device, name in (("b", "Zeta"), ("c", "alpha")):
        measured = read(responses / f"{name}.wav")
        for clip in clips["clip"][clips["device"] == device]:
            original = read(tmp_path / "set" / clip.replace(f"-{device}.wav", "-a.wav"))
            if soundfile.info(tmp_path / "set" / clip).samplerate != RATE:
                continue
            expected = fftconvolve(original, measured)[: len(original)]
            got = read(tmp_path / "set" / clip)
            gain = np.sum(got * expected) / np.sum(expected**2)
            assert gain > 0
            np.testing.assert_allclose(got, gain * expected, atol=2**-22)


def test_simulated_devices_compress_besides(recordings: Path, responses: Path, tmp_path: Path) -> None:
    make_simulated(recordings, responses, tmp_path / "set", workers=1)
    clip = tmp_path / "set" / "audio" / "door-barcelona-0_770-0-s1.wav"
    original, got = read(Path(str(clip).replace("-s1", "-a"))), read(clip)
    linear = fftconvolve(original, read(responses / "beta.wav"))[: len(original)]
    compressed = Compression(threshold=0, ratio=2)(linear, RATE)
    np.testing.assert_allclose(got, compressed * np.std(got) / np.std(compressed), atol=2**-22)
    assert np.abs(got).max() / np.std(got) < 0.95 * np.abs(linear).max() / np.std(linear)


def test_device_a_is_the_recording_to_the_last_bit(recordings: Path, responses: Path, tmp_path: Path) -> None:
    make_simulated(recordings, responses, tmp_path / "set", workers=1)
    original = soundfile.read(recordings / "door" / "0-770-B.wav", dtype="int32")[0]
    written = soundfile.read(tmp_path / "set/audio/door-barcelona-0_770-1-a.wav", dtype="int32")[0]
    assert np.array_equal(original, written)


def test_every_rate_is_kept_and_channels_are_mixed(recordings: Path, responses: Path, tmp_path: Path) -> None:
    make_simulated(recordings, responses, tmp_path / "set", workers=1)
    files = list((tmp_path / "set/audio").glob("door-*-stereo_at_home-*.wav"))
    assert len(files) == 5
    for file in files:
        info = soundfile.info(file)
        assert (info.samplerate, info.channels, info.subtype, info.frames) == (48_000, 1, "PCM_24", len(sound(1)))
    (reference,) = (file for file in files if file.stem.endswith("-a"))
    np.testing.assert_allclose(read(reference), (sound(1) + sound(2)) / 2, atol=2**-15)


def test_class_folders_become_scenes_with_cities(recordings: Path, responses: Path, tmp_path: Path) -> None:
    make_simulated(recordings, responses, tmp_path / "set", workers=1)
    clips, problems, _ = read_clips(tmp_path / "set", LAYOUTS["folder"])
    assert not problems
    assert set(clips["scene"]) == {"door", "kettle_on"}
    assert Counter(clips["device"]) == dict.fromkeys(("a", "b", "c", "s1", "s2"), 7)
    assert (clips.groupby("location")["city"].nunique() == 1).all()
    takes = clips[clips["recording"].str.contains("0_770")]["location"]
    assert set(takes) == {"barcelona-door_0_770"}


def test_a_tau_folder_keeps_its_scenes_cities_and_locations(recordings: Path, responses: Path, tmp_path: Path) -> None:
    make_simulated(recordings, responses, tmp_path / "first", workers=1)
    make_simulated(tmp_path / "first", responses, tmp_path / "second", workers=1)
    assert digests(tmp_path / "first/audio") == digests(tmp_path / "second/audio")
    lists = [(tmp_path / name / "meta.csv").read_text() for name in ("first", "second")]
    assert lists[0] == lists[1]


def test_loud_recordings_are_lowered_alike_on_all_devices(responses: Path, tmp_path: Path) -> None:
    (tmp_path / "loud/bang").mkdir(parents=True)
    soundfile.write(tmp_path / "loud/bang/one.wav", sound(3, peak=1.0), RATE, subtype="PCM_24")
    (tmp_path / "quiet/bang").mkdir(parents=True)
    soundfile.write(tmp_path / "quiet/bang/one.wav", sound(3, peak=0.1), RATE, subtype="PCM_24")
    for name in ("loud", "quiet"):
        make_simulated(tmp_path / name, responses, tmp_path / f"{name}-set", workers=1)
    versions = {
        name: [read(file) for file in sorted((tmp_path / f"{name}-set/audio").iterdir())] for name in ("loud", "quiet")
    }
    peaks = [np.abs(samples).max() for samples in versions["loud"]]
    assert max(peaks) == pytest.approx(0.99, abs=1e-6)
    ratios = [np.std(loud) / np.std(quiet) for loud, quiet in zip(*versions.values(), strict=True)]
    np.testing.assert_allclose(ratios, ratios[0], rtol=1e-4)


def test_workers_kills_and_repeats_do_not_show(recordings: Path, responses: Path, tmp_path: Path) -> None:
    make_simulated(recordings, responses, tmp_path / "one", workers=1)
    make_simulated(recordings, responses, tmp_path / "two", workers=2)
    assert digests(tmp_path / "one") == digests(tmp_path / "two")
    whole = digests(tmp_path / "one")
    (tmp_path / "two/meta.csv").unlink()
    lost = sorted((tmp_path / "two/audio").iterdir())[3::4]
    for path in lost:
        path.unlink()
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "two/audio").iterdir()}
    make_simulated(recordings, responses, tmp_path / "two", workers=1)
    assert digests(tmp_path / "two") == whole
    assert all(path.stat().st_mtime_ns == moment for path, moment in kept.items())


def test_a_stopped_process_leaves_no_list(
    recordings: Path, responses: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = iter(range(3))

    def stop(*_: object) -> object:
        if next(calls, None) is None:
            raise KeyboardInterrupt
        return Recording(sound(0).astype(np.float32)[:, None], RATE, "", 0)

    monkeypatch.setattr(simulated_set, "read_recording", stop)
    with pytest.raises(KeyboardInterrupt):
        make_simulated(recordings, responses, tmp_path / "set", workers=1)
    assert len(list((tmp_path / "set/audio").glob("*.wav"))) == 15
    assert not (tmp_path / "set/meta.csv").exists()


@pytest.mark.parametrize("change", ["response", "recording", "fewer"])
def test_other_inputs_need_another_folder(recordings: Path, responses: Path, tmp_path: Path, change: str) -> None:
    make_simulated(recordings, responses, tmp_path / "set", workers=1)
    if change == "response":
        soundfile.write(responses / "alpha.wav", response(9), RATE, subtype="FLOAT")
    if change == "recording":
        soundfile.write(recordings / "door" / "0-770-A.wav", sound(9, seconds=0.5), RATE, subtype="PCM_24")
    with pytest.raises(DataError, match="other inputs"):
        make_simulated(recordings, responses, tmp_path / "set", workers=1, devices=2 if change == "fewer" else 8)


def spoil(path: Path, how: str) -> None:
    if how == "empty":
        path.write_bytes(b"")
    elif how == "silent":
        soundfile.write(path, np.zeros(RATE), RATE)
    elif how == "short":
        soundfile.write(path, np.ones(9), RATE)
    elif how == "text":
        path.write_text("not a sound")
    elif how == "not a number":
        soundfile.write(path, np.full(RATE, np.nan), RATE, subtype="FLOAT")
    elif how == "truncated":
        path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.parametrize("how", ["empty", "silent", "short", "text", "not a number", "truncated"])
@pytest.mark.parametrize("what", ["recording", "response"])
def test_every_bad_file_is_named(recordings: Path, responses: Path, tmp_path: Path, how: str, what: str) -> None:
    files = [recordings / "door" / "0-770-A.wav", recordings / "kettle-on" / "1-771-C.wav"]
    files = files if what == "recording" else [responses / "Zeta.wav", responses / "beta.wav"]
    for file in files:
        spoil(file, how)
    with pytest.raises(Problems) as caught:
        make_simulated(recordings, responses, tmp_path / "set", workers=1)
    assert [Path(problem.file).name for problem in caught.value.problems] == [file.name for file in files]
    assert not (tmp_path / "set/meta.csv").exists()


def test_bad_files_are_collected_from_workers(recordings: Path, responses: Path, tmp_path: Path) -> None:
    spoil(recordings / "door" / "0-770-A.wav", "silent")
    with pytest.raises(Problems, match=r"door/0-770-A\.wav: is silent"):
        make_simulated(recordings, responses, tmp_path / "set", workers=2)


def test_bad_rows_of_a_list_are_named(recordings: Path, responses: Path, tmp_path: Path) -> None:
    make_simulated(recordings, responses, tmp_path / "set", workers=1)
    with open(tmp_path / "set/meta.csv", "a") as list_:
        list_.write("audio/nowhere-a.wav\tdoor\tparis-1\ta\n")
    with pytest.raises(Problems, match=r"meta\.csv:37"):
        make_simulated(tmp_path / "set", responses, tmp_path / "other", workers=1)


def test_folders_without_sounds_are_refused(recordings: Path, responses: Path, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    for wrong in (tmp_path / "nothing", tmp_path / "absent"):
        with pytest.raises(DataError, match=wrong.name):
            make_simulated(recordings, wrong, tmp_path / "set", workers=1)
        with pytest.raises(DataError, match=wrong.name):
            make_simulated(wrong, responses, tmp_path / "set", workers=1)
    assert not (tmp_path / "set").exists()


def test_two_recordings_of_one_name_are_named(tmp_path: Path) -> None:
    rows = ["filename\tscene_label\tidentifier\tsource_label"]
    for name in ("a/x.wav", "a_x.wav", "b/x.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
        rows.append(f"{name}\tpark\toslo-1\ta")
    (tmp_path / "meta.csv").write_text("\n".join(rows) + "\n")
    with pytest.raises(DataError, match=r"a/x\.wav and a_x\.wav would both be called a_x"):
        plan_simulated(tmp_path, ["b"])


@pytest.mark.parametrize("other", ["street_", "Street", "street "])
def test_one_class_spelt_twice_is_named(tmp_path: Path, other: str) -> None:
    for name in ("street", other):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{len(name)}.wav").touch()
    with pytest.raises(DataError, match="one class, spelt twice"):
        plan_simulated(tmp_path, ["b"])


def test_equal_file_names_in_two_classes_are_two_places(tmp_path: Path) -> None:
    for name in ("park", "tram"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "0001.wav").touch()
    assert [take.identifier for take in plan_simulated(tmp_path, ["b"])] == [
        "barcelona-park_0001",
        "barcelona-tram_0001",
    ]


def test_what_is_passed_over_is_counted_and_named(recordings: Path, responses: Path, tmp_path: Path) -> None:
    (recordings / "door" / "attic").mkdir()
    (responses / "old").mkdir()
    for path in ("door/attic/deep.wav", "loose.wav", "door/phone.MP3", "door/.hidden.wav", "door/notes.txt"):
        (recordings / path).touch()
    (responses / "old/nested.wav").touch()
    assert unused_file_warnings(recordings, responses, name_devices(responses, 3)) == [
        "1 recordings are not used: they are above the folders that are read: 'loose.wav'",
        "1 recordings are not used: they are in subfolders: 'door/attic/deep.wav'",
        "1 responses are not used: they are in subfolders: 'old/nested.wav'",
        "1 responses are not used: 3 are taken, evenly spread over the names: 'alpha.wav'",
    ]
    with pytest.raises(Problems, match=r"door/phone\.MP3: is an empty file"):  # taken for a recording, and named
        make_simulated(recordings, responses, tmp_path / "set", workers=1)


def test_identifiers_of_the_list_are_read_as_asked(tmp_path: Path) -> None:
    rows = ["filename\tscene_label\tidentifier\tsource_label", "1.wav\tpark\toslo-2024-05-03\ta"]
    (tmp_path / "meta.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "1.wav").touch()
    (take,) = plan_simulated(tmp_path, ["b"], reading=Reading(city="first-hyphen"))
    assert take.identifier.rpartition("-")[0] == "oslo"


def test_devices_are_named_in_the_order_of_the_files(tmp_path: Path) -> None:
    for number in range(11):
        (tmp_path / f"{number:02}.wav").touch()
    assert list(name_devices(tmp_path, 11)) == ["b", "c", *(f"s{number}" for number in range(1, 10))]
    assert [path.stem for path in name_devices(tmp_path, 11).values()] == [f"{number:02}" for number in range(11)]
    spread = [int(path.stem) for path in name_devices(tmp_path, 6).values()]
    assert spread == [0, 2, 4, 6, 8, 10]
    assert list(name_devices(tmp_path, 1)) == ["b"]
    with pytest.raises(ConfigError, match="devices"):
        name_devices(tmp_path, 0)


def test_real_recordings_through_real_microphones(real_data: Path, tmp_path: Path) -> None:
    for scene in ("dog_bark", "rain"):
        (tmp_path / "esc" / scene).mkdir(parents=True)
        for file in sorted((real_data / "data/esc10" / scene).glob("*.ogg"))[:3]:
            (tmp_path / "esc" / scene / file.name).write_bytes(file.read_bytes())
    make_simulated(tmp_path / "esc", real_data / "data/micirp", tmp_path / "set", workers=1)
    clips, problems, _ = read_clips(tmp_path / "set", LAYOUTS["folder"])
    assert not problems
    assert Counter(clips["device"]) == dict.fromkeys(("a", "b", "c", "s1", "s2", "s3", "s4", "s5", "s6"), 6)
    for clip in clips["clip"]:
        samples = read(tmp_path / "set" / clip)
        assert 1e-4 < np.abs(samples).max() < 0.991


def test_recordings_of_any_device_can_be_played_to_the_others(tmp_path: Path) -> None:
    (tmp_path / "audio").mkdir()
    rows = ["filename\tscene_label\tidentifier\tsource_label"]
    for number, device in enumerate(("zoom", "phone", "zoom")):
        soundfile.write(tmp_path / f"audio/{number}.wav", np.ones(4410) / 4, 44_100)
        rows.append(f"audio/{number}.wav\tpark\tdelft-{number}\t{device}")
    (tmp_path / "meta.csv").write_text("\n".join(rows) + "\n")
    takes = plan_simulated(tmp_path, ["b"], "zoom")
    assert [(take.source, take.devices) for take in takes] == [
        ("audio/0.wav", ("a", "b")),
        ("audio/2.wav", ("a", "b")),
    ]
    with pytest.raises(ConfigError, match=r"phone.*zoom"):
        plan_simulated(tmp_path, ["b"])
