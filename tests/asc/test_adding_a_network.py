"""docs/adding-a-network.md: its example is a network that is trained, pruned, evaluated, mapped and counted."""

import re
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch

from asc import erf, evaluate, train
from asc.loading import load_network
from asc.run_folder import find_runs
from data_prep.storage import PreparedSet
from models import registry
from models.complexity import complexity
from models.counts import network_counts
from models.network import NetworkSettings, unit_sites
from models.weights.masked import masks_of
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "adding-a-network.md").read_text(encoding="utf-8")


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Register the network of the page for one test, and return its module."""
    (block,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "plain_cnn.py").write_text(block, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(NetworkSettings, "members", dict(NetworkSettings.members))
    module = import_module("plain_cnn")
    del sys.modules["plain_cnn"]  # not by monkeypatch, which would bring it back
    monkeypatch.setitem(registry.NETWORKS, module.PlainCnnSettings, module.PlainCnn)
    return module


def test_the_example_is_trained_pruned_evaluated_and_mapped(
    example: Any, prepared: PreparedSet, tmp_path: Path
) -> None:
    runs, size = tmp_path / "runs", ["--network", "plain-cnn", "--width", "4", "--stages", "2"]
    places = ["--data", str(prepared.folder), "--runs", str(runs), "--accelerator", "cpu"]
    short = ["--epochs", "1", "--batch-size", "6"]
    sparse = ["--weights", "static", "damped", "--static.base-width", "2"]
    assert train.main([*places, *size, *short]) == 0
    assert train.main([*places, *size, *short, *sparse]) == 0
    dense, pruned = find_runs([runs])
    if masks_of(load_network(dense)):
        dense, pruned = pruned, dense
    assert dense.description().network == example.PlainCnnSettings(width=4, stages=2, classes=3)
    kept = sum(int(mask.sum()) for mask in masks_of(load_network(pruned)).values())
    assert kept <= network_counts(example.PlainCnnSettings(width=2, stages=2, classes=3)).weights
    assert evaluate.main([str(runs), "--out", str(tmp_path / "report")]) == 0
    for layer in ("features", "class-map"):
        target = str(tmp_path / layer)
        assert erf.main([str(runs), "--data", str(prepared.folder), "--out", target, "--layer", layer]) == 0


def test_the_example_says_its_parts_and_its_cost(example: Any) -> None:
    settings = registry.network_settings("plain-cnn", width=4, stages=2)
    network = registry.build(settings)
    assert [type(network.get_submodule(site)) for site in unit_sites(network)] == [torch.nn.ReLU] * 2
    cost = complexity(network, (1, 32, 16), (1, 32, 8))
    assert cost.macs == 4 * 9 * 32 * 16 + 8 * 4 * 9 * 16 * 8 + 8 * 10
    assert cost.parameters == network_counts(settings).parameters
