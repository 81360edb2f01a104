"""What a process sets before it computes: on a GPU float32 is float32, and nothing depends on luck."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import nn

from asc.accelerator import choose_accelerator, resolve_precision, set_up
from asc.augmentations.augmentation import Batch
from asc.fabric import make_fabric
from asc.learners import NetworkLearner
from asc.run import Run
from common.errors import ConfigError


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
def test_a_fabric_leaves_all_that_as_it_is(scene_run: Run) -> None:
    set_up("cuda")
    fabric = make_fabric("cpu")
    network = nn.Linear(3, 2)
    NetworkLearner(scene_run, network, fabric).step(Batch(torch.randn(4, 3), torch.arange(4) % 2), [0.1])
    assert torch.is_deterministic_algorithms_warn_only_enabled()
    assert not torch.backends.cudnn.benchmark


@pytest.mark.usefixtures("restored")
def test_on_the_cpu_nothing_of_that() -> None:
    before = torch.backends.cudnn.allow_tf32
    set_up("cpu")
    assert torch.backends.cudnn.allow_tf32 == before
    assert not torch.are_deterministic_algorithms_enabled()
    assert torch.utils.deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]


def test_precision_follows_the_hardware(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX512")
    assert resolve_precision("auto", "cpu") == "bf16-mixed"
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")  # as ATEN_CPU_CAPABILITY may limit it
    assert resolve_precision("auto", "cpu") == "32-true"
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX512")
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx2": True})
    assert resolve_precision("auto", "cpu") == "32-true"
    assert resolve_precision("bf16-mixed", "cpu") == "bf16-mixed"
    with pytest.raises(ConfigError, match="precision"):
        resolve_precision("16", "cpu")


def test_the_accelerator_is_one_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    for present, found in ((True, "cuda"), (False, "cpu")):
        monkeypatch.setattr(torch.cuda, "is_available", lambda present=present: present)
        assert choose_accelerator("auto") == found
        assert choose_accelerator("cpu") == "cpu"
    with pytest.raises(ConfigError, match="PyTorch finds no GPU here"):
        choose_accelerator("cuda")
