"""CP-Mobile from the command line: trained, pruned, damped, evaluated and mapped as any other network."""

from pathlib import Path

import pytest

from asc import erf, evaluate, train
from asc.run_folder import find_runs
from data_prep.storage import PreparedSet
from models.audio.cp_mobile import CpMobileSettings

SMALL = CpMobileSettings(width=8, classes=3)


@pytest.mark.trains
def test_it_is_trained_evaluated_and_mapped_from_the_command_line(prepared: PreparedSet, tmp_path: Path) -> None:
    data, runs = ["--data", str(prepared.folder)], tmp_path / "runs"
    how = ["--network", "cp-mobile", "--width", "8", "--epochs", "2", "--batch-size", "6"]
    schemes = ["--weights", "iterative", "damped", "--iterative.kept", "900"]
    assert train.main([*data, "--runs", str(runs), *how, *schemes]) == 0
    [folder] = find_runs([runs])
    assert folder.description().network == SMALL
    assert evaluate.main([str(runs), "--out", str(tmp_path / "report"), "--replicates", "100"]) == 0
    assert erf.main([str(runs), *data, "--out", str(tmp_path / "maps"), "--clips", "4"]) == 0
    assert len(list((tmp_path / "maps").glob("*.npz"))) == 1
