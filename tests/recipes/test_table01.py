"""Table 1 against the paper."""

from pathlib import Path

import pandas as pd
import pytest

from data_prep.storage import PreparedSet
from models.audio.resnet import AudioResNetSettings
from recipes.command import run_recipe
from recipes.koutini2021.table01_sizes import RECIPE, stages

pytestmark = pytest.mark.trains


def test_sizes_and_receptive_field_along_the_network() -> None:
    table = stages(AudioResNetSettings(), 431)
    assert list(dict.fromkeys(size for size in table["size"] if size)) == ["127x215", "63x107", "31x53", "15x26"]
    assert table["receptive field"].iloc[-2] == "167x167"
    assert table["block"].str.startswith("R ").sum() == 6
    assert table["parameters"].sum() == 159_476


@pytest.mark.parametrize(("depth", "field"), [(1, "167x167"), (3, "295x295")])
def test_depth_widens_the_receptive_field_and_pointwise_depth_does_not(depth: int, field: str) -> None:
    for k in (0, 2):
        table = stages(AudioResNetSettings(width=4, depth=depth, pointwise_depth=k), 431)
        assert table["receptive field"].iloc[-2] == field


def test_the_command_writes_the_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_recipe(RECIPE, ["--out", str(tmp_path)]) == 0
    folder = Path(capsys.readouterr().out.splitlines()[-1])
    parameters = pd.read_csv(folder / "table01_parameters.csv")
    assert parameters["parameters, K=1"].tolist()[-1] == 39_906_836
    assert len(pd.read_csv(folder / "table01_sizes.csv")) == 11


def test_frames_are_those_of_the_clips_of_a_set(
    prepared: PreparedSet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["--data", str(prepared.folder), "--out", str(tmp_path)]
    assert run_recipe(RECIPE, [*command, "--dry-run"]) == 0
    assert not list(tmp_path.iterdir())
    assert run_recipe(RECIPE, command) == 0
    assert "127x21" in capsys.readouterr().out  # 44 frames of one second
