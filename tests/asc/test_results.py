"""Runs read back: which are taken, which are refused, and what the message names."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from asc.results import read_configurations
from common.errors import RunError
from tests.asc.conftest import Trained
from tests.evaluation.fake_runs import fake_clips, write_run

CLIPS = fake_clips(scenes=("bus", "park"), locations=1, recordings=1)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Two configurations, the first with two seeds."""
    write_run(tmp_path, "demo-base-w32", 0, CLIPS)
    write_run(tmp_path, "demo-base-w32", 1, CLIPS)
    write_run(tmp_path, "demo-damped-w32", 0, CLIPS, damping=0.1)
    return tmp_path


def test_a_parent_a_configuration_and_a_run_are_all_understood(runs: Path) -> None:
    base = runs / "demo-base-w32-b00000000000"
    assert [(c.label, c.seeds) for c in read_configurations([runs])] == [("base", (0, 1)), ("damped", (0,))]
    assert [(c.label, c.seeds) for c in read_configurations([base])] == [("demo-base-w32", (0, 1))]
    assert [(c.label, c.seeds) for c in read_configurations([base / "seed-1"])] == [("demo-base-w32", (1,))]
    assert [c.seeds for c in read_configurations([base, base / "seed-1", runs / base.name])] == [(0, 1)]


def test_what_is_read_is_what_was_written(runs: Path) -> None:
    damped = read_configurations([runs])[1]
    assert damped.scenes == ("bus", "park")
    assert damped.description["weights"] == [{"kind": "damped", "edge": 0.1}]
    assert "seed" not in damped.description
    assert (damped.scored_epochs, damped.last_epoch, len(damped.metrics)) == (2, 29, 30)
    assert set(damped.scored.columns) >= {"seed", "epoch", "clip", "correct", "loss"}
    assert damped.example is not None
    assert damped.example.unseen.shape == (256, 216)


def test_an_unfinished_run_is_named_and_left_out(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unfinished = runs / "demo-base-w32-b00000000000" / "seed-1"
    (unfinished / "result.json").unlink()
    assert [c.seeds for c in read_configurations([runs])] == [(0,), (0,)]
    assert f"warning: {unfinished} is not finished" in capsys.readouterr().err
    with pytest.raises(RunError, match="none of these runs is finished"):
        read_configurations([unfinished])


def test_a_run_without_an_example_has_no_figure(runs: Path) -> None:
    for path in runs.rglob("example.npz"):
        path.unlink()
    assert all(c.example is None for c in read_configurations([runs]))


def test_the_same_seed_from_two_places_is_not_two_seeds(runs: Path, tmp_path: Path) -> None:
    shutil.copytree(runs / "demo-base-w32-b00000000000", tmp_path / "copy" / "demo-base-w32-b00000000000")
    with pytest.raises(RunError, match="are both seed 0"):
        read_configurations([runs, tmp_path / "copy"])


def edit_table(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        path = folder / "predictions" / "epoch-0029.parquet"
        change(pd.read_parquet(path)).to_parquet(path, index=False)

    return edit


def edit_result(folder: Path) -> None:
    value = json.loads((folder / "result.json").read_text())
    (folder / "result.json").write_text(json.dumps(value | {"epochs": 40}))


def pickle_example(folder: Path) -> None:
    np.savez(folder / "example.npz", seen=np.array([{}], dtype=object), allow_pickle=True)


@pytest.mark.parametrize(
    ("damage", "named", "found"),
    [
        (edit_table(lambda table: table[1:]), "epoch-0029.parquet", "1 missing (audio/bus-lisbon-00-0-a.wav)"),
        (edit_table(lambda table: pd.concat([table, table[:1]])), "epoch-0029.parquet", "1 doubled"),
        (edit_table(lambda table: table.assign(**{"logit:bus": np.nan})), "epoch-0029.parquet", "not finite"),
        (edit_table(lambda table: table.assign(epoch=3)), "epoch-0029.parquet", "holds epoch [3]"),
        (lambda run: (run / "predictions" / "epoch-0028.parquet").unlink(), "epoch-0028.parquet", "no such file"),
        (lambda run: (run / "predictions" / "epoch-0028.parquet").write_bytes(b"x" * 99), "epoch-0028.parquet", ""),
        (lambda run: (run / "result.json").write_text("{"), "result.json", ""),
        (lambda run: (run / "result.json").write_text("{}"), "result.json", "epochs"),
        (edit_result, "epoch-0038.parquet", "no such file"),
        (lambda run: (run / "split.csv").write_text("clip\n"), "split.csv", "part"),
        (lambda run: (run / "metrics.csv").write_text(""), "metrics.csv", "No columns"),
        (lambda run: (run / "metrics.csv").write_text("epoch\n1\n"), "metrics.csv", "train_loss"),
        (lambda run: (run / "description.json").write_text("{}"), "description.json", "seed"),
        (lambda run: (run / "example.npz").write_bytes(b"PK\x03\x04 no archive"), "example.npz", ""),
        (pickle_example, "example.npz", ""),
    ],
)
def test_damage_is_an_error_that_names_the_file(
    runs: Path, damage: Callable[[Path], None], named: str, found: str
) -> None:
    damage(runs / "demo-base-w32-b00000000000" / "seed-0")
    with pytest.raises(RunError) as error:
        read_configurations([runs])
    assert f"seed-0/{named}" in str(error.value) or f"predictions/{named}" in str(error.value)
    assert found in str(error.value)


@pytest.mark.trains
def test_a_trained_run_is_read_as_it_was_written(trained: Trained) -> None:
    folder = trained()
    (found,) = read_configurations([folder.path])
    assert found.complexity == json.loads(folder.result_file.read_text())["complexity"]
    assert found.description["weights"] == [{"kind": "damped", "edge": 0.1}]
    assert found.unit == ["city", "scene"]
    assert (found.seeds, found.scored_epochs) == ((folder.description().seed,), 3)
