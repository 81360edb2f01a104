"""Command lines: exit codes and streams are the same for every one of them."""

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
_READER_GONE, _NOT_PRINTED = 128 + 13, 74  # as the shell says of SIGPIPE; EX_IOERR of sysexits.h


class Stopped(BaseException):
    """SIGINT or SIGTERM was received.

    Not a KeyboardInterrupt, which the trainer would turn into an exit code of its own.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(f"stopped by {signal.Signals(number).name}")


def _stop(number: int, _frame: FrameType | None) -> None:
    raise Stopped(number)


def _program() -> str | None:
    """Return how this program is started, for its usage text: `python -m asc.train`, or a script's path."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    return f"python -m {spec.name.removesuffix('.__main__')}" if spec else None


def _print_anything() -> None:
    """Let names be printed that the output's encoding lacks: an escape instead of an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _discard_output() -> None:
    """Keep Python from trying, and failing, to print the rest when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _flushed(code: int) -> int:
    """Return `code` if all results are printed; else say that they are not, and return another."""
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
        f"error: results cannot be printed: {error.strerror}; the same command goes on or repeats them", file=sys.stderr
    )
    return _NOT_PRINTED


def _system_error(error: OSError) -> int:
    """Say what the system refused, and where; return the exit code."""
    if error.filename is None:
        try:
            print(flush=True)  # is it standard output that cannot be written?
        except OSError:
            return _not_printed(error)
    where = f"{error.filename}: " if error.filename else ""
    print(f"error: {where}{error.strerror}; the same command goes on once that is mended", file=sys.stderr)
    return 1


def run_command(options: type[T], command: Callable[[T], int | None], arguments: list[str] | None = None) -> int:
    """Parse the command line into `options`, run `command` on it, and return the exit code.

    0 done (or what `command` returns), 1 a named error or one of the system, 2 usage (raised by the parser), 74 where
    results cannot be printed, 130 and 143 interrupted, 141 where what read standard output has gone.
    """
    previous = {number: signal.signal(number, _stop) for number in _SIGNALS}
    _print_anything()
    try:
        return _flushed(command(tyro.cli(options, args=arguments, prog=_program())) or 0)
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
