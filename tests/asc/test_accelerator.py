"""What a process sets before it computes: on a GPU float32 is float32, and nothing depends on luck."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lightning
import pytest
import torch

from asc import training
from asc.accelerator import set_up
from asc.checkpoint import BackgroundCheckpointIO
from asc.description import RunDescription
from asc.run_folder import RunFolder
from asc.training import Machine


@pytest.fixture
def restored(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put every setting back."""
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", "")
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG")
    places: tuple[tuple[Any, str], ...] = (
        (torch.backends.cudnn, "allow_tf32"),
        (torch.backends.cudnn, "benchmark"),
        (torch.backends.cuda.matmul, "allow_tf32"),
        (torch.utils.deterministic, "fill_uninitialized_memory"),  # type: ignore[attr-defined]
    )
    before = [getattr(module, name) for module, name in places]
    yield
    for (module, name), value in zip(places, before, strict=True):
        setattr(module, name, value)
    torch.use_deterministic_algorithms(False)


@pytest.mark.usefixtures("restored")
def test_on_a_gpu() -> None:
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.benchmark = True
    set_up("cuda")
    assert torch.backends.cudnn.conv.fp32_precision in ("ieee", "none")
    assert not torch.backends.cudnn.allow_tf32
    assert not torch.backends.cuda.matmul.allow_tf32
    assert torch.get_float32_matmul_precision() == "highest"
    assert torch.are_deterministic_algorithms_enabled()
    assert torch.is_deterministic_algorithms_warn_only_enabled()
    assert not torch.backends.cudnn.benchmark
    assert not torch.utils.deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"


@pytest.mark.usefixtures("restored")
def test_a_trainer_leaves_all_that_as_it_is(description: RunDescription, tmp_path: Path) -> None:
    class Saves(lightning.Callback):
        files = BackgroundCheckpointIO()

    set_up("cuda")
    training._trainer(description, RunFolder.of(description, tmp_path), Machine(), Saves())  # type: ignore[arg-type]
    assert torch.is_deterministic_algorithms_warn_only_enabled()
    assert not torch.backends.cudnn.benchmark


@pytest.mark.usefixtures("restored")
def test_on_the_cpu_nothing_of_that() -> None:
    before = torch.backends.cudnn.allow_tf32
    set_up("cpu")
    assert torch.backends.cudnn.allow_tf32 == before
    assert not torch.are_deterministic_algorithms_enabled()
    assert torch.utils.deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
