"""Running a command line: parsing, signals, output streams and exit codes, the same for every command."""

import io
import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

import tyro

from common.errors import AscError

T = TypeVar("T")
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_READER_GONE, _NOT_PRINTED = 128 + 13, 74  # the shell's code for SIGPIPE; EX_IOERR of sysexits.h


class Stopped(BaseException):
    """SIGINT or SIGTERM was received.

    It is not a KeyboardInterrupt, because the trainer would catch that and exit with a different code.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(f"stopped by {signal.Signals(number).name}")


def _stop(number: int, _frame: FrameType | None) -> None:
    raise Stopped(number)


def _program() -> str | None:
    """Return the program name for the usage text, such as `python -m asc.train`; None for a script."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    return f"python -m {spec.name.removesuffix('.__main__')}" if spec else None


def _escape_unencodable() -> None:
    """Print characters that the output's encoding lacks as escapes instead of raising an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _discard_output() -> None:
    """Send the remaining output to the null device, so that Python does not fail to flush it on exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _flushed(code: int) -> int:
    """Flush standard output; return `code`, or the exit code for results that could not be printed."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _discard_output()
        return _READER_GONE
    except OSError as error:
        return _not_printed(error)
    return code


def _not_printed(error: OSError) -> int:
    _discard_output()
    print(
        f"error: results cannot be printed: {error.strerror}; run the same command again to print them", file=sys.stderr
    )
    return _NOT_PRINTED


def _system_error(error: OSError) -> int:
    """Print the operating system's error with its file name; return the exit code."""
    if error.filename is None:
        try:
            print(flush=True)  # tells whether standard output is the file that cannot be written
        except OSError:
            return _not_printed(error)
    where = f"{error.filename}: " if error.filename else ""
    print(f"error: {where}{error.strerror}; fix this and run the same command again to continue", file=sys.stderr)
    return 1


def run_command(
    options: type[T],
    command: Callable[[T], int | None],
    arguments: list[str] | None = None,
    *,
    about: str | None = None,
    program: str | None = None,
) -> int:
    """Parse the command line into `options`, run `command` on them, and return the exit code.

    Parameters
    ----------
    options
        Dataclass of the command's options.
    command
        Function that does the work; it may return an exit code.
    arguments
        Command-line arguments; those of the process if None.
    about
        Description in the help text; the docstring of `options` if None.
    program
        Name of the command in the usage text; the name that it was started by if None.

    Returns
    -------
    int
        0 for success (or the code that `command` returns), 1 for an `AscError` or an error of the operating system,
        74 if results cannot be printed, 130 or 143 if interrupted, 141 if the reader of standard output has gone. The
        parser exits with 2 on wrong usage.
    """
    previous = {number: signal.signal(number, _stop) for number in _SIGNALS}
    _escape_unencodable()
    try:
        return _flushed(command(tyro.cli(options, args=arguments, prog=program or _program(), description=about)) or 0)
    except AscError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        _discard_output()
        return _READER_GONE
    except OSError as error:
        if error.errno is None:
            raise
        return _system_error(error)
    except Stopped as stopped:
        print(f"{stopped}; the same command continues", file=sys.stderr)
        return 128 + stopped.number
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
