"""Verification of a prepared set and its recordings by hashing all files again."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from common.progress import progress
from data_prep.manifest import features_file, waveforms_file
from data_prep.problems import Problem
from data_prep.storage import PreparedSet

_RECORDING = "has changed since it was prepared; if the change is intended, delete the set and prepare it again"
_ARRAYS = "was damaged since it was written; delete it and prepare the set again, which recomputes only this file"


def _expected(prepared: PreparedSet, root: Path) -> Iterator[tuple[Path, str, str]]:
    """Yield path, expected SHA-256 and error message of every recording and every array file."""
    for clip, sha256 in zip(prepared.clips["clip"], prepared.clips["sha256"], strict=True):
        yield root / clip, sha256, _RECORDING
    for number, shard in enumerate(prepared.manifest.shards):
        yield features_file(prepared.folder, number), shard.features, _ARRAYS
        if shard.waveforms:
            yield waveforms_file(prepared.folder, number), shard.waveforms, _ARRAYS


def _check(item: tuple[Path, str, str]) -> Problem | None:
    path, expected, reason = item
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return Problem(str(path), None, f"cannot be read: {error.strerror}")
    return None if found == expected else Problem(str(path), None, f"{reason} (SHA-256 {found}, was {expected})")


def verify(prepared: PreparedSet, root: Path, workers: int) -> list[Problem]:
    """Hash the recordings in `root` and the set's arrays; return a problem for every file that has changed.

    The clips table and the manifest need no check here, because opening a set compares them with their digests.
    """
    items = list(_expected(prepared, root))
    problems = []
    # hashlib releases the GIL
    with ThreadPoolExecutor(workers) as pool, progress("verifying", len(items), "files") as advance:
        for problem in pool.map(_check, items):
            advance()
            problems += [problem] if problem else []
    return problems
