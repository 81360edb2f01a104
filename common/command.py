"""Command lines: exit codes and streams are the same for every one of them."""

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
    return f"python -m {spec.name}" if spec else None


def run_command(options: type[T], command: Callable[[T], int | None], arguments: list[str] | None = None) -> int:
    """Parse the command line into `options`, run `command` on it, and return the exit code.

    0 done (or what `command` returns), 1 a named error, 2 usage (raised by the parser), 130 and 143 interrupted, 141
    where what read standard output has gone.
    """
    previous = {number: signal.signal(number, _stop) for number in _SIGNALS}
    try:
        return command(tyro.cli(options, args=arguments, prog=_program())) or 0
    except AscError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Whoever read standard output (`| head`) has gone; nothing is to be said when it is flushed at the end either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except Stopped as stopped:
        print(f"{stopped}; the same command continues", file=sys.stderr)
        return 128 + stopped.number
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
