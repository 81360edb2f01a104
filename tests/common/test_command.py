"""Exit codes and streams of every command line."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass

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
    if options.how.startswith("SIG"):
        os.kill(os.getpid(), getattr(signal, options.how))
    return None


@pytest.mark.parametrize(("how", "code"), [("well", 0), ("error", 1), ("SIGINT", 130), ("SIGTERM", 143)])
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


def test_bugs_are_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        run_command(Options, end, ["--how", "bug"])


def test_wrong_usage_exits_with_two() -> None:
    with pytest.raises(SystemExit) as stop:
        run_command(Options, end, ["--what"])
    assert stop.value.code == 2


def test_every_named_error_is_of_one_family() -> None:
    assert issubclass(ConfigError, AscError)


def test_a_reader_that_goes_is_no_traceback() -> None:
    program = (
        "import sys; from dataclasses import dataclass; from common.command import run_command\n"
        "@dataclass\nclass Options: pass\n"
        "def speak(options):\n    for line in range(100_000): print('line', line)\n"
        "sys.exit(run_command(Options, speak, []))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 141
