"""What other systems lack is not needed: every module is imported without the modules that only POSIX has."""

import ast
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT
from tests.test_house import ROOMS, sources

POSIX = ("fcntl", "grp", "pty", "pwd", "resource", "syslog", "termios", "tty")
WITHOUT = f"""
import importlib, sys
from pathlib import Path
for name in {POSIX}:
    sys.modules[name] = None
sys.modules["numba"] = None  # compiles code, for which a read-only installation has no place
for name in sys.argv[2:]:
    importlib.import_module(name)
from asc.run_folder import RunFolder
from common.files import write_text
from data_prep.features import PerceptualMel
PerceptualMel()
with RunFolder(Path(sys.argv[1])).locked():
    write_text(Path(sys.argv[1]) / "file", "text")
print(len(sys.argv[2:]))
"""


def test_every_module_is_imported_and_a_run_locked_without_posix(tmp_path: Path) -> None:
    files = [file for room in ROOMS for file in sources(room)]
    names = [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files]
    environment = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}  # no HOME and no user's name
    command = [sys.executable, "-c", WITHOUT, tmp_path / "run", *names]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == len(names) > 200
    assert {path.name for path in (tmp_path / "run").iterdir()} == {".lock", "file"}
    assert "without locks" in done.stderr


def test_no_module_of_the_suite_needs_posix_to_be_imported() -> None:
    for file in sources("tests"):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            names = {alias.name for alias in node.names} if isinstance(node, ast.Import) else set()
            module = node.module if isinstance(node, ast.ImportFrom) else None
            assert not {*names, module} & set(POSIX), file.relative_to(ROOT)
