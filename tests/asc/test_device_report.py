"""What prepare tells about devices, on sets whose recordings have every fault that is warned of."""

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.signal import butter, sosfilt

from asc.prepare import main
from data_prep.device_facts import DEVICES
from tests.tiny_sets import read_lists, write_lists, write_tiny_set

Capture = pytest.CaptureFixture[str]
RATE, FRAMES = 44_100, 22_050


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.03, FRAMES)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_tiny_set(tmp_path / "recordings", seconds=0.5, rate=RATE)
    return tmp_path / "recordings"


@pytest.fixture
def arguments(root: Path, tmp_path: Path) -> list[str]:
    return ["--dataset", "folder", "--root", str(root), "--workers", "1", "--out", str(tmp_path / "out")]


def table(out: str) -> dict[str, list[str]]:
    """Return the cells of the table of devices by its first column, the range's three words in one."""
    lines = out.splitlines()
    start = next(number for number, line in enumerate(lines) if line.split()[:2] == ["device", "clips"])
    rows = [re.sub(r" to ", "..", line).split() for line in lines[start + 1 :] if len(line.split()) > 5]
    return {row[0]: row[1:] for row in rows}


def test_ordinary_recordings_make_a_table_and_no_warning(arguments: list[str], capsys: Capture) -> None:
    assert main(arguments) == 0
    out, err = capsys.readouterr()
    assert "warning" not in err
    cells = table(out)
    assert list(cells) == ["a", "b", "s1"]
    clips, rate, channels, level, _, band, clipped, silent = cells["a"]
    assert (clips, rate, channels, band, clipped, silent) == ("12", "44100", "1", "11.0", "0.00", "0")
    # white noise of deviation 0.0665 at the median, of which a resampler to half the rate leaves half the power
    assert float(level) == pytest.approx(20 * np.log10(0.0665) - 3, abs=1)


def test_recordings_with_faults_are_named_with_their_number(
    arguments: list[str], root: Path, tmp_path: Path, capsys: Capture
) -> None:
    clips = [row[0] for row in read_lists(root)]
    soundfile.write(root / clips[0], np.stack([noise(1), -noise(1)], axis=1), RATE, subtype="FLOAT")
    soundfile.write(root / clips[1], 0.2 + 1e-3 * np.cumsum(noise(2)) / 50, RATE, subtype="FLOAT")
    soundfile.write(root / clips[2], (60 * noise(3)).clip(-1, 1), RATE, subtype="PCM_16")
    soundfile.write(root / clips[3], np.zeros(FRAMES), RATE)
    assert main(arguments) == 0
    err = capsys.readouterr().err
    assert f"warning: 1 clips hold nothing but zeros: {clips[3]}" in err
    mixing, offset, clipping = (line for line in err.splitlines() if line.startswith("warning: 1 recording:"))
    assert f"{clips[0]!r} (-200.0 dB)" in mixing
    assert re.search(rf"{clips[1]!r} \(\d+ %\)", offset)
    assert re.search(rf"{clips[2]!r} \(5\d\.\d %\)", clipping)
    assert main([*arguments, "--channel", "left", "--high-pass", "20"]) == 0
    err = capsys.readouterr().err
    assert clips[0] not in err
    assert clips[1] not in err
    assert len(list((tmp_path / "out").iterdir())) == 2


@pytest.mark.parametrize(
    ("change", "said", "column", "value"),
    [
        (lambda samples: 32_768 * samples, "is louder than full scale", 3, "+"),
        (lambda samples: samples / 256, "stands out", 3, "-81."),
        (lambda samples: sosfilt(butter(20, 4_000, fs=RATE, output="sos"), samples), "nothing above 4.9 kHz", 5, "4.9"),
        (lambda samples: samples[:4_000], "nothing above 3.9 kHz", 5, "3.9"),
    ],
    ids=["floats on a 16-bit scale", "24 bits at the low end of 32, undeclared", "low-pass", "8 kHz"],
)
def test_a_device_that_stands_out(
    arguments: list[str], root: Path, capsys: Capture, change: object, said: str, column: int, value: str
) -> None:
    for number, (clip, _, _, device) in enumerate(read_lists(root)):
        if device == "b":
            samples = change(noise(number))  # type: ignore[operator]
            soundfile.write(root / clip, samples, RATE if len(samples) == FRAMES else 8_000, subtype="FLOAT")
    assert main(arguments) == 0
    out, err = capsys.readouterr()
    (warning,) = (line for line in err.splitlines() if "warning" in line)
    assert warning.startswith("warning: device 'b' ")
    assert said in warning
    assert value in f"{float(table(out)['b'][column]):+.1f}"


class _Page(HTMLParser):
    """Collects a page's text and the attributes by which it could load something."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text, self.loaded, self.tags = "", [], []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loaded += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_stands_alone_and_escapes_names(arguments: list[str], root: Path, capsys: Capture) -> None:
    rows = read_lists(root)
    named = [(clip, scene, place, "<b>$x$" if device == "b" else device) for clip, scene, place, device in rows]
    write_lists(root, named)
    assert main([*arguments, "--report"]) == 0
    out = capsys.readouterr().out
    folder = Path(out.splitlines()[-1])
    assert out.splitlines()[-2] == f"page: {folder / 'devices.html'}"
    page = _Page((folder / "devices.html").read_text(encoding="utf-8"))
    assert "<b>$x$" in page.text
    assert "b" not in page.tags
    assert all(source.startswith("data:image/svg+xml;base64,") for source in page.loaded)
    assert len(page.loaded) == 1
    for name, cells in table(out).items():
        assert name in page.text
        assert cells[0] in page.text


def test_missing_facts_are_written_again_without_verify(arguments: list[str], capsys: Capture) -> None:
    assert main(arguments) == 0
    expected, folder = table(capsys.readouterr().out), next(Path(arguments[-1]).iterdir())
    facts = (folder / DEVICES).read_bytes()
    (folder / DEVICES).unlink()
    assert main([*arguments, "--verify"]) == 0
    assert "is missing or damaged" in capsys.readouterr().out
    assert main(arguments) == 0
    assert table(capsys.readouterr().out) == expected
    assert (folder / DEVICES).read_bytes() == facts


def test_recordings_that_a_simulated_set_is_made_from(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "responses").mkdir()
    soundfile.write(tmp_path / "responses/flat.wav", np.eye(1, 400)[0], RATE, subtype="PCM_24")
    for number in range(8):
        folder = tmp_path / "sounds" / ("bus", "tram")[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        second = -0.999 * noise(number) if number == 4 else noise(number)
        soundfile.write(folder / f"{number}.wav", np.stack([noise(number), second], axis=1), RATE, subtype="FLOAT")
    arguments = [
        *("--dataset", "simulated", "--recordings", str(tmp_path / "sounds"), "--test-cities", "1"),
        *("--responses", str(tmp_path / "responses"), "--workers", "1", "--out", str(tmp_path / "out")),
    ]
    assert main(arguments) == 0
    err = capsys.readouterr().err
    assert "warning: 1 recording: the mono signal is more than 10 dB below" in err
    assert "'bus/4.wav' (-66.0 dB)" in err
    assert main([*arguments, "--channel", "2"]) == 0
    assert "loudest channel" not in capsys.readouterr().err
    assert len(list((tmp_path / "out").glob("recordings-simulated-*"))) == 2
    soundfile.write(tmp_path / "sounds/bus/4.wav", np.stack([noise(4), -noise(4)], axis=1), RATE, subtype="DOUBLE")
    assert main(arguments) == 1
    assert "bus/4.wav: has 2 channels, and is silent with --channel mean" in capsys.readouterr().err
