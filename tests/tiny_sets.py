"""Data sets in the TAU layout that take milliseconds to prepare, and what tests ask of folders."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile

from data_prep.storage import PreparedSet

SCENES, CITIES, DEVICES = ("bus", "park", "tram"), ("lisbon", "lyon", "oslo", "paris"), ("a", "b", "s1")
SECONDS = 0.2
HEADER = "filename\tscene_label\tidentifier\tsource_label\n"


def write_tiny_set(root: Path, *, per_pair: int = 1, seconds: float = SECONDS, rate: int = 22_050) -> list[str]:
    """Write 36 clips (times `per_pair`) of noise, each scene in each city on each device; return meta.csv's names."""
    rng = np.random.default_rng(0)
    (root / "audio").mkdir(parents=True)
    rows = []
    for number, (scene, city, copy, device) in enumerate(
        (s, c, n, d) for s in SCENES for c in CITIES for n in range(per_pair) for d in DEVICES
    ):
        clip = f"audio/{scene}-{city}-{100 + copy}-{number}-{device}.wav"
        samples = rng.normal(0, 0.05 + 0.001 * number, round(seconds * rate)).clip(-1, 1)
        soundfile.write(root / clip, samples, rate, subtype="PCM_24")
        rows.append((clip, scene, f"{city}-{100 + copy}", device))
    write_lists(root, rows)
    return [row[0] for row in rows]


def write_lists(root: Path, rows: Sequence[Sequence[str]]) -> None:
    """Write meta.csv."""
    (root / "meta.csv").write_text(HEADER + "".join("\t".join(row) + "\n" for row in rows))


def read_lists(root: Path) -> list[list[str]]:
    """Return the rows of meta.csv."""
    return [line.split("\t") for line in (root / "meta.csv").read_text().splitlines()[1:]]


def tree(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below `folder`, hidden ones too, by its path inside."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def stamps(folder: Path) -> dict[Path, tuple[int, int]]:
    """Return inode and time of change of every file below `folder`: equal if nothing was written again."""
    found = {path: path.stat() for path in folder.rglob("*") if path.is_file()}
    return {path: (stat.st_ino, stat.st_mtime_ns) for path, stat in found.items()}


def prepared(capsys: pytest.CaptureFixture[str]) -> PreparedSet:
    """Open the set that the last line of standard output names."""
    return PreparedSet.open(Path(capsys.readouterr().out.splitlines()[-1]))
