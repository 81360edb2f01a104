"""Plots: axes that are right, bytes that are the same, names that cannot break them."""

import xml.etree.ElementTree as ElementTree

import librosa
import matplotlib
import numpy as np
import pytest

from evaluation import plots
from evaluation.bootstrap import Bootstrap
from evaluation.style import COLOURS, Drawn, mark, short
from evaluation.tables import group_accuracies
from tests.evaluation.fake_runs import configuration, example, fake_clips

ODD = {"<script>": "reference", "$x$": "real", "日本": "real", "a name that no plot has room for": "simulated"}


def draw_everything(devices: dict[str, str] | None = None, scenes: tuple[str, ...] = ("bus", "park")) -> list[Drawn]:
    runs = configuration(clips=fake_clips(scenes=scenes, devices=devices, locations=1), seeds=(0, 1))
    table = group_accuracies(runs, Bootstrap(replicates=100))
    counts = np.arange(len(scenes) ** 2).reshape(len(scenes), -1)
    return [
        plots.accuracy_by_device({"one": table, "two": table}, chance=0.5),
        plots.confusion_matrices({"seen": counts, "unseen": counts * 0}, scenes),
        plots.learning_curves([runs, runs]),
        plots.recording_on_two_devices(example(mels=32, frames=20)),
    ]


@pytest.mark.parametrize(("fmin", "fmax", "mels"), [(0.0, 11025.0, 256), (50.0, 8000.0, 40)])
def test_mel_bands_are_centred_where_librosa_puts_them(fmin: float, fmax: float, mels: int) -> None:
    centres = librosa.mel_frequencies(mels + 2, fmin=fmin, fmax=fmax)[1:-1]
    np.testing.assert_allclose(plots.mel_band(centres, fmin, fmax, mels), np.arange(mels), atol=1e-9)


@pytest.fixture(scope="module")
def drawings() -> list[Drawn]:
    return draw_everything()


def test_the_same_numbers_give_the_same_bytes_whatever_the_user_has_set(drawings: list[Drawn]) -> None:
    with matplotlib.rc_context({"font.size": 20, "axes.facecolor": "red", "svg.hashsalt": "other"}):
        assert draw_everything() == drawings


def test_no_name_breaks_a_plot_or_its_markup(recwarn: pytest.WarningsRecorder) -> None:
    for drawn in draw_everything(ODD, scenes=("$a_$", "<b>", "=c")):
        assert ElementTree.fromstring(drawn["svg"]).tag.endswith("svg")  # noqa: S314 our own drawing
        assert drawn["png"].startswith(b"\x89PNG")
    assert not [warning for warning in recwarn if "Glyph" in str(warning.message)]


def test_plots_hold_no_date_and_no_version(drawings: list[Drawn]) -> None:
    for drawn in drawings:
        assert b"<dc:date>" not in drawn["svg"]
        assert matplotlib.__version__.encode() not in drawn["svg"] + drawn["png"]


def test_configurations_can_be_told_apart() -> None:
    looks = [tuple(mark(position).values()) for position in range(3 * len(COLOURS))]
    assert len({*looks}) == len(looks)


def test_a_run_of_one_epoch_on_one_device_can_be_drawn() -> None:
    clips = fake_clips(locations=1, devices={"a": "reference"})
    runs = configuration(clips=clips, epochs=(0,))
    single = type(runs)(**vars(runs) | {"metrics": runs.metrics[:1].assign(unseen_accuracy=np.nan)})
    table = group_accuracies(single, Bootstrap(replicates=100))
    assert plots.learning_curves([single])["svg"]
    assert plots.accuracy_by_device({"one": table}, chance=0.1)["svg"]


def test_long_names_are_cut() -> None:
    assert short("0123456789", 10) == "0123456789"
    assert short("0123456789a", 10) == "012345678…"
