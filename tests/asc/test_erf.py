"""The command line `python -m asc.erf`, from run folders to maps and extents."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from asc.erf import main
from asc.loading import load_scenes
from asc.run_folder import RunFolder
from asc.scenes.maps import erf_of_run, read_map, write_map
from common.errors import RunError
from data_prep.storage import PreparedSet
from evaluation.erf import effective_receptive_field, extent, penultimate
from tests.asc.conftest import Trained

pytestmark = pytest.mark.trains


@pytest.fixture
def folder(trained: Trained) -> RunFolder:
    return trained(epochs=1)


def test_two_seeds_from_their_configuration(
    trained: Trained, folder: RunFolder, prepared: PreparedSet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other, out = trained(epochs=1, seed=1), tmp_path / "new" / "maps"
    assert main([str(folder.path.parent), "--data", str(prepared.folder), "--out", str(out), "--batch-size", "5"]) == 0
    printed = capsys.readouterr()
    assert printed.out.splitlines()[-1] == str(out)
    assert printed.out.isascii()
    assert "12/12 clips" in printed.err
    names = [load_scenes(run, prepared, "cpu").name for run in (folder, other)]
    assert {path.name for path in out.iterdir()} == {
        "extents-features.csv",
        *(f"{stem}.{form}" for stem in (*(f"{n}-features" for n in names), "maps-features") for form in ("png", "pdf")),
        *(f"{name}-features.npz" for name in names),
    }
    table = pd.read_csv(out / "extents-features.csv")
    assert list(table["run"]) == names
    for name, run, row in zip(names, (folder, other), table.itertuples(), strict=True):
        loaded = load_scenes(run, prepared, "cpu")
        layer = penultimate(loaded.network, "features")
        expected = effective_receptive_field(layer, loaded.task.inputs(loaded.task.sides.unseen(prepared), 12))
        erf = read_map(out / f"{name}-features.npz")
        np.testing.assert_allclose(erf.values, expected.values, atol=1e-5 * expected.values.max())
        assert (erf.first, erf.centre, erf.maximum, erf.clips) == ((37, 0), (120, 24), (167, 167), 12)
        assert erf.values.shape == (167, 44)
        half, most = extent(erf, 0.5), extent(erf, 0.95)
        assert (row.clips, row.receptive_mels, row.receptive_frames) == (12, 167, 167)
        assert (row.mels_50, row.frames_50, row.mels_95, row.frames_95) == (
            *(half.mels, half.frames),
            *(most.mels, most.frames),
        )
        assert row.seconds_95 == pytest.approx(most.frames * 512 / 22_050, abs=1e-6)


def test_the_class_map_of_some_clips(folder: RunFolder, prepared: PreparedSet, tmp_path: Path) -> None:
    out = tmp_path / "maps"
    arguments = [str(folder.path), "--data", str(prepared.folder), "--out", str(out), "--layer", "class-map"]
    assert main([*arguments, "--clips", "5", "--accelerator", "cpu"]) == 0
    first = {path.name: path.read_bytes() for path in out.iterdir()}
    table = pd.read_csv(out / "extents-class-map.csv")
    assert (list(table["layer"]), list(table["clips"])) == (["class-map"], [5])
    assert main([*arguments, "--clips", "5"]) == 0
    assert {path.name: path.read_bytes() for path in out.iterdir()} == first  # the same numbers, the same bytes
    assert main([*arguments, "--clips", "99"]) == 0
    assert list(pd.read_csv(out / "extents-class-map.csv")["clips"]) == [12]


def test_some_clips_are_spread_over_the_list(folder: RunFolder, prepared: PreparedSet) -> None:
    run = load_scenes(folder, prepared, "cpu")
    chosen = run.task.sides.unseen(prepared)[[0, 6, 11]]  # 0, 5.5 and 11, halves to the even neighbour
    expected = effective_receptive_field(run.network.features, run.task.inputs(chosen, 3))
    found = erf_of_run(run, clips=3)
    np.testing.assert_allclose(found.values, expected.values, atol=1e-6 * expected.values.max())


def test_a_layer_that_sees_nothing_is_named(folder: RunFolder, prepared: PreparedSet) -> None:
    run = load_scenes(folder, prepared, "cpu")
    torch.nn.init.zeros_(run.network.classifier.get_parameter("0.weight"))
    with pytest.raises(RunError, match=rf"{run.name}, class-map, 12 unseen test clips: .* zero everywhere"):
        erf_of_run(run, "class-map")
    assert erf_of_run(run, "features").values.any()


def test_files_that_are_no_maps_are_named(folder: RunFolder, prepared: PreparedSet, tmp_path: Path) -> None:
    erf = erf_of_run(load_scenes(folder, prepared, "cpu"))
    write_map(tmp_path / "map.npz", erf)
    back = read_map(tmp_path / "map.npz")
    np.testing.assert_array_equal(back.values, erf.values)
    whole = (tmp_path / "map.npz").read_bytes()
    np.savez(tmp_path / "other.npz", values=erf.values)
    (tmp_path / "text.npz").write_text("no map")
    (tmp_path / "cut.npz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.npz").touch()
    for name in ("other", "text", "cut", "empty", "absent"):
        said = "is not an effective receptive field" if name == "other" else "cannot be read: .*delete it"
        with pytest.raises(RunError, match=rf"{name}.npz {said}"):
            read_map(tmp_path / f"{name}.npz")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["{tmp}/absent", "--data", "{data}", "--out", "{tmp}/out"], 1, "has no run"),
        (["{run}", "--data", "{tmp}", "--out", "{tmp}/out"], 1, "no finished prepared set"),
        (["{run}", "--data", "{data}", "--out", "{run}/result.json"], 1, "is not allowed: a folder"),
        (["{run}", "--data", "{data}", "--out", "{tmp}/out", "--clips", "0"], 1, "clips = 0 is not allowed"),
        (["{run}", "--data", "{data}", "--out", "{tmp}/out", "--batch-size", "0"], 1, "batch_size = 0 is not allowed"),
        (["{run}", "--data", "{data}", "--out", "{tmp}/out", "--layer", "stem"], 2, "--layer"),
        (["{run}", "--out", "{tmp}/out"], 2, "--data"),
    ],
)
def test_exit_codes(
    folder: RunFolder,
    prepared: PreparedSet,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    said: str,
) -> None:
    places = {"run": folder.path, "data": prepared.folder, "tmp": tmp_path}
    try:
        found = main([argument.format(**places) for argument in arguments])
    except SystemExit as stop:
        found = int(stop.code or 0)
    assert found == code
    caught = capsys.readouterr()
    assert said in caught.err + caught.out
    assert not (tmp_path / "out").exists()
