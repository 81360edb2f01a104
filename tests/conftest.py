"""Fixtures that every room's tests share."""

import os
from pathlib import Path
from typing import Any

import pytest
import torch

ROOT = Path(__file__).resolve().parent.parent
torch.set_num_threads(1)

# Tests that train hold with other seeds and at either precision; these two let them be run so.
TEST_SEED = int(os.environ.get("ASC_TEST_SEED", "0"))
TEST_PRECISION: Any = os.environ.get("ASC_TEST_PRECISION", "32-true")


def in_test_precision() -> torch.autocast:
    """Return the context that networks of tests compute in while they train."""
    return torch.autocast("cpu", torch.bfloat16, enabled=TEST_PRECISION == "bf16-mixed")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder holding `data/` (real recordings, responses, digits) and `tools/`; skips where it is absent."""
    folder = Path(os.environ.get("ASC_REAL_DATA", ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(f"no real recordings in {folder} (set ASC_REAL_DATA)")
    return folder


@pytest.fixture(scope="session")
def tau_lists() -> Path:
    """Folder with the official TAU lists (meta.csv, evaluation_setup/); skips where it is absent."""
    folder = os.environ.get("ASC_TAU_LISTS")
    if not folder or not (Path(folder) / "meta.csv").is_file():
        pytest.skip("no official TAU lists (set ASC_TAU_LISTS)")
    return Path(folder)
