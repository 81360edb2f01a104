"""Exit codes and streams of every command line."""

import errno
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from common.command import run_command
from common.errors import AscError, ConfigError
from tests.conftest import ROOT


@dataclass(frozen=True, kw_only=True)
class Options:
    """Say how to end."""

    how: str = "well"


def end(options: Options) -> int | None:
    if options.how == "error":
        raise ConfigError("speed", 11, "a number up to 10")
    if options.how == "bug":
        raise ZeroDivisionError
    if options.how == "disk":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/somewhere/file")
    if options.how.startswith("SIG"):
        os.kill(os.getpid(), getattr(signal, options.how))
    return None


@pytest.mark.parametrize(("how", "code"), [("well", 0), ("error", 1), ("disk", 1), ("SIGINT", 130), ("SIGTERM", 143)])
def test_exit_codes(how: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGTERM)
    assert run_command(Options, end, ["--how", how]) == code
    captured = capsys.readouterr()
    assert not captured.out
    assert bool(captured.err) == (code != 0)
    assert signal.getsignal(signal.SIGTERM) == before


def test_an_error_is_one_line_that_says_what_is_allowed(capsys: pytest.CaptureFixture[str]) -> None:
    run_command(Options, end, ["--how", "error"])
    assert capsys.readouterr().err == "error: speed = 11 is not allowed: a number up to 10\n"


def test_errors_of_the_system_name_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    run_command(Options, end, ["--how", "disk"])
    assert capsys.readouterr().err.startswith("error: /somewhere/file: No space left on device; ")


def test_bugs_are_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        run_command(Options, end, ["--how", "bug"])


@pytest.mark.parametrize("module", ["asc.overview", "benchmarks.gpu.__main__"])
def test_the_usage_names_what_was_called(
    module: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", ModuleSpec(module, None))
    with pytest.raises(SystemExit, match="0"):
        run_command(Options, end, ["--help"])
    assert f"python -m {module.removesuffix('.__main__')} [" in capsys.readouterr().out


def test_wrong_usage_exits_with_two() -> None:
    with pytest.raises(SystemExit) as stop:
        run_command(Options, end, ["--what"])
    assert stop.value.code == 2


def test_every_named_error_is_of_one_family() -> None:
    assert issubclass(ConfigError, AscError)


PROGRAM = """
import sys
from dataclasses import dataclass
from common.command import run_command
@dataclass
class Options:
    pass
def speak(options):
    for line in range({lines}):
        print("évora", line)
    print("warning: İstanbul", file=sys.stderr)
sys.exit(run_command(Options, speak, []))
"""


def speaking(lines: int, stdout: int, encoding: str = "utf-8") -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", PROGRAM.format(lines=lines)]
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    return subprocess.Popen(command, stdout=stdout, stderr=subprocess.PIPE, cwd=ROOT, env=environment)


def test_a_reader_that_goes_is_no_traceback() -> None:
    process = speaking(100_000, subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 141


@pytest.mark.parametrize(
    ("encoding", "out", "err"),
    [
        ("ascii", rb"\xe9vora 0", rb"warning: \u0130stanbul"),
        ("latin-1", "évora 0".encode("latin-1"), rb"warning: \u0130stanbul"),
        ("utf-8", "évora 0".encode(), "warning: İstanbul".encode()),
    ],
)
def test_what_an_encoding_lacks_is_printed_as_an_escape(encoding: str, out: bytes, err: bytes) -> None:
    process = speaking(1, subprocess.PIPE, encoding)
    assert [text.strip() for text in process.communicate()] == [out, err]
    assert process.returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_results_that_cannot_be_printed_have_a_code_of_their_own(
    monkeypatch: pytest.MonkeyPatch, unbuffered: str
) -> None:
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    with Path("/dev/full").open("wb") as full:
        process = speaking(1, full.fileno())
        _, said = process.communicate()
    assert process.returncode == 74
    assert said.splitlines()[-1].startswith(b"error: results cannot be printed: No space left on device; ")
    assert b"Traceback" not in said
