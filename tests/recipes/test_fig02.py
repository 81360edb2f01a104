"""Figure 2: the right recording on the right devices."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data_prep.storage import PreparedSet
from recipes.command import run_recipe
from recipes.koutini2021.fig02_devices import RECIPE, choose_rows

pytestmark = pytest.mark.trains


def test_the_figure_and_its_numbers(prepared: PreparedSet, tmp_path: Path) -> None:
    recording = prepared.clips["recording"].iloc[30]
    options = ["--data", str(prepared.folder), "--out", str(tmp_path), "--clip", recording]
    assert run_recipe(RECIPE, [*options, "--dry-run"]) == 0
    assert not list(tmp_path.iterdir())
    assert run_recipe(RECIPE, [*options, "--devices", "a", "s1"]) == 0
    folder = tmp_path / "koutini2021"
    assert {path.suffix for path in folder.iterdir()} == {".png", ".pdf", ".csv"}
    table = pd.read_csv(folder / "fig02_devices.csv")
    for device in ("a", "s1"):
        row = prepared.clips.index[(prepared.clips["recording"] == recording) & (prepared.clips["device"] == device)]
        expected = prepared.spectrograms(row.to_numpy())[0].astype(np.float32).mean(axis=1)
        np.testing.assert_allclose(table[f"mean:{device}"], expected, rtol=1e-5)


def test_a_recording_is_found_by_a_clips_name_or_by_what_its_clips_share(prepared: PreparedSet) -> None:
    clips = prepared.clips
    for name in (clips["clip"].iloc[10], Path(clips["clip"].iloc[10]).name, clips["recording"].iloc[10]):
        rows = choose_rows(clips, name, ("b", "a"))
        assert clips["device"].iloc[rows].tolist() == ["b", "a"]
        assert set(clips["recording"].iloc[rows]) == {clips["recording"].iloc[10]}


@pytest.mark.parametrize("more", [["--clip", "nowhere.wav"], ["--devices", "a", "q"], ["--devices", "a"]])
def test_what_is_not_there_is_named(
    prepared: PreparedSet, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str]
) -> None:
    assert run_recipe(RECIPE, ["--data", str(prepared.folder), "--out", str(tmp_path), *more]) == 1
    assert "not allowed" in capsys.readouterr().err
