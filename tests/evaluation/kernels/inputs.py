"""Pairs of inputs to compare kernels on: Gaussian ones and digits."""

import gzip
from pathlib import Path

import numpy as np

from evaluation.kernels.pairs import Floats, Pairs


def gaussian_pairs(pairs: int, inputs: int, seed: int = 0) -> Pairs:
    return Pairs(*np.random.default_rng(seed).normal(size=(2, pairs, inputs)))


def digit_pairs(folder: Path, pairs: int, seed: int = 0) -> Pairs:
    """Different MNIST test images, every pixel normalised over each thousand of them."""
    packed = (folder / "data" / "mnist" / "t10k-images-idx3-ubyte.gz").read_bytes()
    images = np.frombuffer(gzip.decompress(packed), np.uint8, offset=16).reshape(10, 1000, 784).astype(np.float64)
    spread = images.std(axis=1, keepdims=True)
    centred = images - images.mean(axis=1, keepdims=True)
    digits = np.divide(centred, spread, out=np.zeros_like(images), where=spread > 0).reshape(-1, 784)
    generator = np.random.default_rng(seed)
    chosen = generator.choice(len(digits), size=(2, pairs), replace=False)
    return Pairs(digits[chosen[0]], digits[chosen[1]])


def largest_z(values: Floats, expected: Floats) -> float:
    """Return the largest distance of means over rows from what is expected, in standard errors."""
    error = values.std(axis=0, ddof=1) / np.sqrt(len(values))
    return float(np.abs((values.mean(axis=0) - expected) / error).max())
