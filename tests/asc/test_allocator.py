"""Large tensors are not mapped anew each time."""

import mmap
import subprocess
import sys

import pytest

from tests.conftest import ROOT

PROGRAM = """
import resource, sys, torch
from asc.allocator import keep_freed_memory
if sys.argv[1] == "keep":
    assert keep_freed_memory()
for _ in range(20):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.zeros(16 * 2**20)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc only")
def test_freed_memory_is_used_again() -> None:
    faults = {}
    for how in ("keep", "default"):
        run = subprocess.run([sys.executable, "-c", PROGRAM, how], cwd=ROOT, capture_output=True, text=True, check=True)
        faults[how] = int(run.stdout)
    pages = 64 * 2**20 // mmap.PAGESIZE
    assert faults["keep"] < 0.01 * pages
    assert faults["default"] > 10 * (faults["keep"] + 1)
