"""A server of the tests' own, and real image sets where they are."""

import os
from pathlib import Path

import pytest

from tests.data_prep.test_download import server

__all__ = ["server"]


def _folder(variable: str, file: str) -> Path:
    folder = Path(os.environ.get(variable, ""))
    if variable not in os.environ or not list(folder.glob(f"{file}*")):
        pytest.skip(f"no {file} (set {variable})")
    return folder


@pytest.fixture(scope="session")
def cifar10_folder() -> Path:
    """Folder with the real CIFAR-10 in its binary layout."""
    return _folder("ASC_CIFAR10", "data_batch_1.bin")


@pytest.fixture(scope="session")
def fashion_folder() -> Path:
    """Folder with the real Fashion-MNIST."""
    return _folder("ASC_FASHION_MNIST", "train-images-idx3-ubyte")
