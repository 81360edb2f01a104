"""Command lines: exit codes and streams are the same for every one of them."""

import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

import tyro

from common.errors import AscError

T = TypeVar("T")


class Terminated(KeyboardInterrupt):
    """SIGTERM was received; whatever a keyboard interrupt would clean up is cleaned up."""


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    raise Terminated


def run_command(options: type[T], command: Callable[[T], int | None], arguments: list[str] | None = None) -> int:
    """Parse the command line into `options`, run `command` on it, and return the exit code.

    0 done (or what `command` returns), 1 a named error, 2 usage (raised by the parser), 130 and 143 interrupted.
    """
    previous = signal.signal(signal.SIGTERM, _terminate)
    try:
        return command(tyro.cli(options, args=arguments)) or 0
    except AscError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except Terminated:
        print("terminated; the same command continues", file=sys.stderr)
        return 143
    except KeyboardInterrupt:
        print("interrupted; the same command continues", file=sys.stderr)
        return 130
    finally:
        signal.signal(signal.SIGTERM, previous)
