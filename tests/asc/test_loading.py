"""A finished run back in memory scores its test clips as it did when it was trained."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import load, save_file

from asc.augmentations.augmentation import Augmentation
from asc.augmentations.mixup import Mixup
from asc.augmentations.rolling import RolledFrames, RolledWaveforms
from asc.loading import LoadedRun, load_network, load_scenes
from asc.machine import Machine
from asc.run_folder import RunFolder, finished_runs
from asc.scenes.task import SceneTask
from common.errors import RunError
from data_prep.storage import PreparedSet
from tests.asc.conftest import Trained
from tests.conftest import in_test_precision

pytestmark = pytest.mark.trains


def logits_of(run: LoadedRun[SceneTask], rows: NDArray[np.int64]) -> torch.Tensor:
    with torch.inference_mode(), in_test_precision():
        return torch.cat([run.network(batch) for batch in run.task.inputs(rows, 16)])


@pytest.mark.parametrize("rolled", [RolledFrames(), RolledWaveforms()])
def test_the_last_predictions_come_out_again(trained: Trained, prepared: PreparedSet, rolled: Augmentation) -> None:
    folder = trained(augmentations=(rolled, Mixup()), epochs=2)
    run = load_scenes(folder, prepared, "cpu")
    table = pd.read_parquet(folder.predictions_file(1))
    unseen = run.task.sides.unseen(prepared)
    logits = logits_of(run, run.task.sides.test).numpy()
    np.testing.assert_allclose(logits, table.filter(like="logit:").to_numpy(), atol=1e-5)
    assert list(prepared.clips["clip"].iloc[unseen]) == list(table["clip"][~table["seen"]])
    assert set(prepared.clips["device"].iloc[unseen]) == {"b", "s1"}
    assert not run.network.training
    assert run.name == f"{folder.path.parent.name}-{folder.path.name}"


def test_inputs_come_in_order_and_gradients_stay_on(trained: Trained, prepared: PreparedSet) -> None:
    run = load_scenes(trained(epochs=1), prepared, "cpu")
    unseen, batches = run.task.sides.unseen(prepared), []
    for batch in run.task.inputs(unseen, 4):
        assert torch.is_grad_enabled()
        assert not batch.requires_grad
        batches.append(batch)
    assert [len(batch) for batch in batches] == [4, 4, 4]
    mean, deviation = (run.task.state()[name].numpy() for name in ("band_mean", "band_deviation"))
    expected = (prepared.spectrograms(unseen).astype(np.float32) - mean) / deviation
    np.testing.assert_allclose(torch.cat(batches)[:, 0].numpy(), expected, rtol=1e-5, atol=1e-6)


def test_the_normalisation_comes_with_the_weights(
    trained: Trained, prepared: PreparedSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = trained(epochs=1)
    expected = {name: value.clone() for name, value in load_scenes(folder, prepared, "cpu").task.state().items()}
    monkeypatch.setattr("asc.scenes.task.band_statistics", lambda *_: pytest.fail("computed again"))
    found = load_scenes(folder, prepared, "cpu").task.state()
    _, stored = folder.read_weights()
    for name, value in expected.items():
        assert torch.equal(found[name], value)
        assert torch.equal(stored[name], value)


def test_a_run_that_processes_shared_loads_in_one(trained: Trained, prepared: PreparedSet) -> None:
    folder = trained(epochs=1)
    description = folder.description()
    shared = replace(description, training=replace(description.training, world_size=2))
    folder.description_file.unlink()
    folder.write_description(shared)
    run = load_scenes(folder, prepared, "cpu")
    assert run.run == shared
    kinds = {type(module).__name__ for module in run.network.modules()}
    assert kinds & {"BatchNorm2d", "SyncBatchNorm2d"} == {"BatchNorm2d"}


def test_runs_that_are_not_finished_are_named(trained: Trained, capsys: pytest.CaptureFixture[str]) -> None:
    done, stopped = trained(epochs=1), trained(epochs=1, seed=1)
    stopped.result_file.unlink()
    assert [run.path for run in finished_runs([done.path.parent])] == [done.path]
    assert f"{stopped.path} is not finished" in capsys.readouterr().err
    with pytest.raises(RunError, match="none of these runs is finished"):
        finished_runs([stopped.path])


def test_what_cannot_be_loaded_is_named(trained: Trained, prepared: PreparedSet, tmp_path: Path) -> None:
    folder = trained(epochs=1)
    good = folder.weights_file.read_bytes()
    state = load(good)
    with pytest.raises(RunError, match="not a run description"):
        load_scenes(RunFolder(tmp_path), prepared, "cpu")
    for content in (b"", good[:-9], b"\xff" * 100):
        folder.weights_file.write_bytes(content)
        with pytest.raises(RunError, match=r"weights.safetensors cannot be used"):
            load_scenes(folder, prepared, "cpu")
    for name, tensor in (("inputs.band_mean", torch.zeros(())), ("network.classifier.0.weight", torch.zeros(2, 2))):
        save_file({**state, name: tensor}, folder.weights_file)
        with pytest.raises(RunError, match=r"weights.safetensors cannot be used"):
            load_scenes(folder, prepared, "cpu")
    save_file({name: value for name, value in state.items() if name != "inputs.band_mean"}, folder.weights_file)
    with pytest.raises(RunError, match=r"weights.safetensors cannot be used.*band_mean"):
        load_scenes(folder, prepared, "cpu")
    assert not load_network(folder).training  # the network is whole
    folder.result_file.unlink()
    with pytest.raises(RunError, match="not finished"):
        load_scenes(folder, prepared, "cpu")


def test_another_set_is_refused(trained: Trained, prepared: PreparedSet, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = trained(epochs=1, machine=Machine())
    monkeypatch.setattr(prepared, "identity", "0" * 64)
    with pytest.raises(RunError, match=f"was trained on the prepared set {prepared.name}-"):
        load_scenes(folder, prepared, "cpu")
