"""Units of a finished run: measured as evaluation does, once."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from asc.images import units
from asc.images.task import ImageTask
from asc.images.units import curves_of, pairs_of, similarity_of
from asc.loading import LoadedRun, load_run
from asc.run import Run
from asc.run_folder import RunFolder
from common.errors import RunError
from evaluation.units.removability import ablation_curves
from evaluation.units.repetition import repetition_table, unit_correlations
from evaluation.units.settings import CODE_REMOVABILITY, RemovabilitySettings, RepetitionSettings

pytestmark = pytest.mark.trains


def test_units_are_measured_once_and_kept(
    trained: Callable[..., RunFolder], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = trained(run)
    paper, repetition = RemovabilitySettings(), RepetitionSettings()
    found = curves_of(folder, tmp_path, paper, "cpu"), similarity_of(folder, tmp_path, repetition, "cpu")
    loaded: LoadedRun[ImageTask] = load_run(folder, tmp_path, "cpu")  # type: ignore[assignment]
    inputs = [x for x, _ in loaded.task.part("test")]
    pd.testing.assert_frame_equal(found[0], ablation_curves(loaded.network, inputs, ["activation"], paper))
    correlations = unit_correlations(loaded.network, inputs, ["activation"], repetition)
    pd.testing.assert_frame_equal(found[1], repetition_table(correlations, repetition))
    assert set(curves_of(folder, tmp_path, CODE_REMOVABILITY, "cpu")["site"]) == {"all"}
    monkeypatch.setattr(units, "load_run", lambda *_: pytest.fail("measured again"))
    pd.testing.assert_frame_equal(curves_of(folder, tmp_path, paper, "cpu"), found[0])


def test_pairs_are_those_of_one_site(
    trained: Callable[..., RunFolder], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, settings = trained(run), RepetitionSettings(samplings=1)
    found = pairs_of(folder, tmp_path, settings, "cpu", "hidden")
    loaded: LoadedRun[ImageTask] = load_run(folder, tmp_path, "cpu")  # type: ignore[assignment]
    activity = np.concatenate(
        [loaded.network.hidden(x.flatten(1)).detach().numpy() for x, _ in loaded.task.part("test")]
    )
    expected = np.abs(np.corrcoef(activity, rowvar=False))[np.triu_indices(6, k=1)]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    monkeypatch.setattr(units, "load_run", lambda *_: pytest.fail("measured again"))
    np.testing.assert_array_equal(pairs_of(folder, tmp_path, settings, "cpu", "hidden"), found)
    next(folder.path.glob("pairs-hidden-*")).write_bytes(b"")
    with pytest.raises(RunError, match="delete it"):
        pairs_of(folder, tmp_path, settings, "cpu", "hidden")


def test_a_run_that_is_not_finished_has_no_units(run: Run, tmp_path: Path) -> None:
    folder = RunFolder.of(run, tmp_path)
    folder.write_description(run)
    with pytest.raises(RunError, match="not finished"):
        curves_of(folder, tmp_path, RemovabilitySettings(), "cpu")


def test_what_was_kept_and_cannot_be_read_is_named(trained: Callable[..., RunFolder], run: Run, tmp_path: Path) -> None:
    folder = trained(run)
    similarity_of(folder, tmp_path, RepetitionSettings(), "cpu")
    next(folder.path.glob("similarity-*.csv")).write_text("")
    with pytest.raises(RunError, match="delete it"):
        similarity_of(folder, tmp_path, RepetitionSettings(), "cpu")
