"""docs/adding-an-augmentation.md: its examples do what they say, are shared by processes, and train a run."""

import re
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from asc import train
from asc.augmentations.augmentation import Augmentation, Batch, apply_stage, draw_all, share_of
from asc.augmentations.registry import AUGMENTATIONS
from asc.run_folder import find_runs
from data_prep.storage import PreparedSet
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "adding-an-augmentation.md").read_text(encoding="utf-8")
SIZE = 8


@pytest.fixture
def examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    """Register both augmentations of the page for one test, and return their classes."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(Augmentation, "members", dict(Augmentation.members))
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    for name, block in zip(("band_mask", "band_mix"), blocks, strict=True):
        (tmp_path / f"{name}.py").write_text(block, encoding="utf-8")
    made = import_module("band_mask").BandMask, import_module("band_mix").BandMix
    for name in ("band_mask", "band_mix"):
        del sys.modules[name]  # not by monkeypatch, which would bring it back
    monkeypatch.setattr("asc.options.AUGMENTATIONS", (*AUGMENTATIONS, *made))
    return made


def applied(augmentations: list[Any], places: list[int]) -> tuple[Batch, Batch]:
    """Return a batch of different examples, and those at `places` of it, augmented as one process's share."""
    inputs = torch.arange(1.0, SIZE + 1)[:, None, None, None].expand(SIZE, 1, 10, 3)
    batch = Batch(inputs, torch.arange(SIZE))
    drawn = draw_all(augmentations, np.random.default_rng(0), SIZE)
    needed, draws = share_of(drawn, np.array(places))
    tensors = [{name: torch.from_numpy(np.asarray(value)) for name, value in one.items()} for one in draws]
    mine = Batch(inputs[needed], torch.arange(SIZE)[needed])
    return batch, apply_stage("input", augmentations, tensors, mine)


def test_a_band_is_hidden_in_each_example(examples: tuple[Any, Any]) -> None:
    batch, masked = applied([examples[0](share=0.5)], list(range(SIZE)))
    hidden = (masked.inputs == 0).all(dim=3)[:, 0]
    assert hidden.any()
    assert (hidden.sum(dim=1) <= 5).all()
    assert ((hidden.int().diff(dim=1) == 1).sum(dim=1) <= 1).all()  # one band each
    assert torch.equal(masked.inputs[~hidden[:, None]], batch.inputs[~hidden[:, None]])
    assert torch.equal(masked.labels, batch.labels)


def test_bands_of_two_examples_are_joined_with_their_labels(examples: tuple[Any, Any]) -> None:
    _, mixed = applied([examples[1]()], list(range(SIZE)))
    assert mixed.others is not None
    assert mixed.weight is not None
    mean = mixed.inputs[:, 0, :, 0].mean(dim=1)
    expected = mixed.weight * (mixed.labels + 1) + (1 - mixed.weight) * (mixed.others + 1)
    torch.testing.assert_close(mean, expected)


def test_processes_make_together_what_one_makes_alone(examples: tuple[Any, Any]) -> None:
    both = [examples[0](share=0.5), examples[1]()]
    whole = applied(both, list(range(SIZE)))[1]
    parts = [applied(both, half)[1] for half in ([0, 1, 2, 3], [4, 5, 6, 7])]
    for together, *shares in zip(whole, *parts, strict=True):
        assert torch.equal(together, torch.cat(shares))


def test_the_example_trains_a_run(examples: tuple[Any, Any], prepared: PreparedSet, tmp_path: Path) -> None:
    places = ["--data", str(prepared.folder), "--runs", str(tmp_path / "runs"), "--accelerator", "cpu"]
    how = ["--width", "4", "--epochs", "1", "--batch-size", "6"]
    chosen = ["--augmentations", "roll-frames", "band-mask", "mixup", "--band-mask.share", "0.1"]
    assert train.main([*places, *how, *chosen]) == 0
    (folder,) = find_runs([tmp_path / "runs"])
    assert folder.description().training.augmentations[1] == examples[0](share=0.1)
