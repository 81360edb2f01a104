"""A run from start to result: what stands in its folder, and that nothing but its description decides the weights."""

import json
import os
import traceback
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from lightning.fabric.plugins.environments import LightningEnvironment
from lightning.pytorch.strategies import DDPStrategy
from safetensors.torch import load_file
from sklearn.metrics import accuracy_score
from torch.utils._python_dispatch import TorchDispatchMode

from asc import training
from asc.clips import MappedClips
from asc.data import SceneData, Sides
from asc.description import RunDescription, SparsitySettings
from asc.epochs import EpochEnd
from asc.loading import load_run
from asc.module import SceneClassifier
from asc.run_folder import RunFolder
from asc.training import Machine, train
from common.errors import AscError, ConfigError, DataError, RunError
from data_prep.splits import SplitSettings
from data_prep.storage import PreparedSet
from tests.asc.conftest import Trained, same_weights
from tests.conftest import TEST_SEED, in_test_precision

pytestmark = pytest.mark.trains


def test_a_finished_run_holds_what_reports_need(trained: Trained, prepared: PreparedSet) -> None:
    folder = trained(epochs=12)
    names = {path.name for path in folder.path.iterdir()} - {"tensorboard", ".lock"}
    assert names == {
        *("description.json", "split.csv", "metrics.csv", "predictions"),
        *("example.npz", "weights.safetensors", "result.json"),
    }
    metrics = pd.read_csv(folder.metrics_file)
    assert metrics["epoch"].tolist() == list(range(12))
    assert sorted(path.name for path in folder.predictions_folder.iterdir()) == [
        f"epoch-{epoch:04d}.parquet" for epoch in range(2, 12)
    ]
    split = pd.read_csv(folder.split_file)
    table = pd.read_parquet(folder.predictions_file(11))
    assert table["clip"].tolist() == split["clip"][split["part"] == "test"].tolist()
    assert set(table["device"][table["seen"]]) == {"a"}
    guesses = np.array(prepared.scenes)[table.filter(like="logit:").to_numpy().argmax(axis=1)]
    for device, rows in table.groupby("device").groups.items():
        assert metrics[f"accuracy:{device}"].iloc[-1] == accuracy_score(table["scene"][rows], guesses[rows])
    result = json.loads(folder.result_file.read_text())
    assert result["unseen_accuracy"] == pytest.approx(metrics["unseen_accuracy"].iloc[-10:].mean())
    assert metrics["train_accuracy"].isna().tolist() == [True] * 2 + [False] * 10
    assert result["train_accuracy"] == pytest.approx(metrics["train_accuracy"].mean())
    assert result["threads"] == torch.get_num_threads()
    assert list((folder.path / "tensorboard").iterdir())


def test_others_may_read_a_run_as_the_umask_says(trained: Trained) -> None:
    before = os.umask(0o027)
    try:
        folder = trained(epochs=1)
    finally:
        os.umask(before)
    modes = {path.relative_to(folder.path).as_posix(): path.stat().st_mode & 0o777 for path in folder.path.rglob("*")}
    assert modes
    assert {name: oct(mode) for name, mode in modes.items() if mode not in (0o640, 0o750)} == {}


def test_random_labels_are_learnt_by_heart(trained: Trained, prepared: PreparedSet) -> None:
    settings = {"mixup_alpha": 0.0, "roll": "none", "learning_rate": 0.03}
    folder = trained(epochs=80, labels="random", **settings)
    assert "random-labels" in folder.path.parent.name
    known = pd.read_csv(folder.metrics_file)["train_accuracy"].iloc[-1]
    assert known > 0.9
    run = load_run(folder, prepared, "cpu")
    with torch.inference_mode(), in_test_precision():
        guesses = torch.cat([run.module(batch) for batch in run.spectrograms(run.sides.train, 18)]).argmax(dim=1)
    learnt = run.sides.labels[run.sides.train]
    assert accuracy_score(learnt, guesses) == pytest.approx(known)
    # What was learnt are not the scenes.
    scenes = Sides.of(prepared, replace(run.description, training=replace(run.description.training, labels="true")))
    assert accuracy_score(scenes.labels[scenes.train], guesses) < known


def test_a_checkpoint_is_kept_where_asked(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = trained(machine=Machine(keep_checkpoint=True))
    checkpoint = torch.load(folder.checkpoint_file, weights_only=True)
    final = load_file(folder.weights_file)
    assert all(torch.equal(checkpoint["state_dict"][name], final[name]) for name in final)
    assert checkpoint["optimizer_states"]
    monkeypatch.setattr(training, "_trainer", lambda *_: pytest.fail("trained again"))
    assert trained(machine=Machine(keep_checkpoint=True)).done


def test_it_learns(trained: Trained) -> None:
    folder = trained(epochs=60, learning_rate=0.01, mixup_alpha=0.0)
    metrics = pd.read_csv(folder.metrics_file)
    assert metrics["train_loss"].iloc[0] > 0.9  # ln 3 = 1.10 at the start
    # Six test clips of a city not trained on say nothing: over seeds their accuracy is 0.2 to 0.95.
    assert metrics["train_loss"].iloc[-10:].mean() < 0.6
    assert metrics["train_accuracy"].iloc[-10:].mean() > 0.8  # three scenes


def test_same_seed_same_weights_with_any_number_of_workers(trained: Trained) -> None:
    alone = trained("alone")
    for workers in (1, 2):
        assert same_weights(alone, trained(f"workers-{workers}", Machine(workers=workers)))
    assert same_weights(alone, trained("resident", Machine(residency="device")))
    other = load_file(trained("other", seed=1).weights_file)
    first = load_file(alone.weights_file)
    convolutions = [name for name, tensor in first.items() if tensor.dim() == 4]
    assert all(not torch.equal(first[name], other[name]) for name in convolutions)


@pytest.mark.parametrize("roll", ["waveform", "none"])
def test_other_ways_of_rolling_train_too(trained: Trained, roll: str) -> None:
    assert trained(roll=roll, epochs=1).done


def test_evaluation_sees_the_stored_spectrograms_whatever_training_rolls(
    prepared: PreparedSet, description: RunDescription
) -> None:
    rows = np.arange(6)
    statistics = prepared.band_statistics(rows)
    inputs = []
    for roll, kind in (("waveform", "waveform"), ("frames", "spectrogram")):
        changed = replace(description, training=replace(description.training, roll=roll))
        source = MappedClips(prepared, kind)  # type: ignore[arg-type]
        inputs.append(SceneClassifier(changed, source, statistics).spectrograms(source.load(rows)))
    # int16 waveforms and float16 spectrograms both round; bands are scaled by their deviation.
    torch.testing.assert_close(*inputs, atol=0.05, rtol=0)


def stop_after(monkeypatch: pytest.MonkeyPatch, epoch: int) -> None:
    original = EpochEnd.on_train_epoch_end

    def stop(self: EpochEnd, trainer: object, module: object) -> None:
        original(self, trainer, module)  # type: ignore[arg-type]
        if trainer.current_epoch == epoch:  # type: ignore[attr-defined]
            raise KeyError("the power went")

    monkeypatch.setattr(EpochEnd, "on_train_epoch_end", stop)


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize(("epoch", "saved"), [(0, 1), (1, 2), (1, 1)])
def test_a_continued_run_ends_in_the_same_weights(
    trained: Trained, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, epoch: int, saved: int, workers: int
) -> None:
    whole = trained("whole")
    with monkeypatch.context() as patch:
        stop_after(patch, epoch)
        # The second epoch is saved where writing the first was cheap, and is trained again where it was not.
        patch.setattr("asc.checkpoint._SHARE_OF_TIME", 1e9 if saved == epoch + 1 else 1e-9)
        with pytest.raises(KeyError):
            trained("broken", Machine(workers=workers))
        (checkpoint,) = (tmp_path / "broken").rglob("last.ckpt")
        assert len(torch.load(checkpoint, weights_only=True)["history"]) == saved
    broken = trained("broken", Machine(workers=workers))
    assert same_weights(whole, broken)
    columns = ["epoch", "learning_rate", "train_loss", "seen_accuracy", "unseen_accuracy"]
    tables = [pd.read_csv(folder.metrics_file)[columns] for folder in (whole, broken)]
    pd.testing.assert_frame_equal(*tables)
    for number in range(3):
        pd.testing.assert_frame_equal(*(pd.read_parquet(f.predictions_file(number)) for f in (whole, broken)))


def test_a_checkpoint_that_cannot_be_written_ends_training_with_its_name(
    trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_checkpoint: object, temporary: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(AscError, match=r"last\.ckpt.*[Nn]o space"):
        trained()


def test_every_process_computes_on_its_own_gpu(
    prepared: PreparedSet, description: RunDescription, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = []

    def note(mapped: MappedClips, rows: np.ndarray, device: torch.device, *_: object) -> MappedClips:
        chosen.append((device, len(rows)))
        return mapped

    monkeypatch.setattr("asc.data.clip_source", note)
    sides = Sides.of(prepared, description)
    gpus = [torch.device("cuda", number) for number in range(2)]
    for rank in range(2):
        monkeypatch.setenv("LOCAL_RANK", str(rank))
        strategy = DDPStrategy(parallel_devices=gpus, cluster_environment=LightningEnvironment())
        trainer = SimpleNamespace(strategy=strategy, is_global_zero=rank == 0, lightning_module=SimpleNamespace())
        data = SceneData(MappedClips(prepared, "spectrogram"), sides, description, workers=0)
        data.trainer = trainer  # type: ignore[assignment]
        data.setup("fit")
        assert trainer.lightning_module.source is data.source
    # The second process has no use for test clips.
    train, test = len(sides.train), len(sides.test)
    assert chosen == [(gpus[0], train + test), (gpus[1], train)]


class Looked(TorchDispatchMode):
    """Notes when a value is fetched from a tensor, for which the processor would have to wait on a GPU."""

    def __init__(self) -> None:
        super().__init__()
        self.operations = 0
        self.values: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.operations += 1
        if func in (torch.ops.aten._local_scalar_dense.default, torch.ops.aten.nonzero.default):
            self.values.append("".join(traceback.format_stack(limit=12)))
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("sparsity", [None, SparsitySettings(method="static", base_width=2)])
def test_no_step_waits_for_the_device(
    prepared: PreparedSet,
    description: RunDescription,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    sparsity: SparsitySettings | None,
) -> None:
    looked, before = Looked(), EpochEnd.on_train_epoch_end

    def start(self: EpochEnd, trainer: object, module: object, batch: object, number: int) -> None:
        if number == 0:
            looked.__enter__()

    def end(self: EpochEnd, trainer: Any, module: Any) -> None:
        looked.__exit__(None, None, None)
        before(self, trainer, module)

    monkeypatch.setattr(EpochEnd, "on_train_batch_start", start)
    monkeypatch.setattr(EpochEnd, "on_train_epoch_end", end)
    monkeypatch.setattr("data_prep.features._on_host", lambda _: False)
    wanted = replace(
        description,
        weights=replace(description.weights, sparsity=sparsity),
        training=replace(description.training, roll="waveform", precision="bf16-mixed", epochs=2),
    )
    assert train(wanted, prepared, tmp_path, Machine()).done
    assert looked.operations > 1000
    assert not looked.values, looked.values[0]


def test_a_finished_run_is_left_alone(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    first = trained()
    before = first.result_file.stat().st_mtime_ns
    monkeypatch.setattr("asc.training._trainer", lambda *_: pytest.fail("trained again"))
    assert trained() == first
    assert first.result_file.stat().st_mtime_ns == before


def test_a_run_finished_between_look_and_lock_is_left_alone(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    make_trainer, stamps = training._trainer, []

    def another_is_faster(*arguments: Any) -> Any:
        monkeypatch.setattr(training, "_trainer", make_trainer)
        stamps.append(trained().result_file.stat().st_mtime_ns)
        return make_trainer(*arguments)

    monkeypatch.setattr(training, "_trainer", another_is_faster)
    assert trained().result_file.stat().st_mtime_ns == stamps[0]


def test_two_processes_do_not_train_one_run(trained: Trained, description: RunDescription, tmp_path: Path) -> None:
    run = RunFolder.of(replace(description, seed=TEST_SEED), tmp_path / "runs")
    with run.locked(), pytest.raises(RunError, match="another process"):
        trained()


def test_a_diverging_run_is_named_and_has_no_result(trained: Trained, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="diverged"):
        trained(learning_rate=1e38, mixup_alpha=0.0)
    assert not list(tmp_path.rglob("result.json"))


def test_too_few_clips_for_a_batch(trained: Trained) -> None:
    with pytest.raises(DataError, match="too few for one batch of 400"):
        trained(batch_size=400)


def test_a_batch_of_one_trains(trained: Trained) -> None:
    assert trained(batch_size=1, epochs=1).done


def test_waveforms_that_the_set_does_not_hold(recordings: Path, description: RunDescription, tmp_path: Path) -> None:
    from data_prep.layouts import LAYOUTS
    from data_prep.planning import plan_set
    from data_prep.preparation import prepare

    plan = plan_set(recordings, LAYOUTS["folder"], tmp_path / "prepared")
    bare = prepare(plan, SplitSettings(test_cities=1), workers=1, on_error="stop")
    wanted = replace(description, training=replace(description.training, roll="waveform"))
    with pytest.raises(ConfigError, match="--waveforms"):
        train(wanted, bare, tmp_path / "runs", Machine())
    assert not (tmp_path / "runs").exists()


def test_clips_too_short_for_the_network_are_named(
    prepared: PreparedSet, description: RunDescription, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepared, "shape", (256, 9))
    with pytest.raises(DataError, match="clips of 9 frames are too short for this network"):
        train(description, prepared, tmp_path, Machine())
    assert not list(tmp_path.iterdir())


def test_a_folder_with_another_description_is_not_touched(description: RunDescription, tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.write_description(description)
    with pytest.raises(RunError, match="another run's"):
        folder.write_description(replace(description, seed=5))
    assert folder.description() == description
