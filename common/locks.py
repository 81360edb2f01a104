"""Locks between processes: those of the file system, or, where it has none, a file with its holder's name."""

import errno
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

from filelock import lock_descriptor

from common.errors import AscError
from common.processes import host_name, is_alive

# What `flock` says on file systems and Python builds without locks.
_NO_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP}


@contextmanager
def lock(path: Path) -> Iterator[bool]:
    """Try to lock `path`, a file that serves nothing else, while the body runs; yield whether it was free.

    The lock goes with the process, however that ends. Where the file system has no locks, `<path>.held` is created
    instead, with the machine and the process in it: what a process of this machine left when it was killed is taken
    over.

    Raises
    ------
    AscError
        If nothing can be written there; without locks, if a process of another machine holds it, or held it when it was
        killed.
    """
    with ExitStack() as exits:
        try:
            free = _try_lock(path, exits)
        except OSError as error:
            raise AscError(
                f"cannot lock {path}: {error.strerror}; make its folder writable, or name another one"
            ) from error
        yield free


def is_locked(path: Path) -> bool:
    """Return whether a process holds the lock `path`. Asking holds it for a moment."""
    if _held_file(path).exists():
        host, pid = _holder(_held_file(path))
        return host != host_name() or is_alive(pid)
    try:
        with path.open() as file:
            return _try_system(file.fileno(), path) is False
    except OSError:
        return False


def _try_lock(path: Path, exits: ExitStack) -> bool:
    """Return whether `path` was free; it is locked then until `exits` are taken."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = exits.enter_context(path.open("a"))
    free = _try_system(file.fileno(), path)
    if free is not None:
        return free
    held = _held_file(path)
    free = _try_file(held)
    if free:
        exits.callback(held.unlink, missing_ok=True)
    return free


def _held_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.held")


@cache
def _tell_once(reason: str, folder: Path) -> None:
    print(
        f"warning: {folder} is on a file system without locks ({reason}); files (*.held) that name machine and process "
        "are used instead",
        file=sys.stderr,
    )


def _try_system(descriptor: int, path: Path) -> bool | None:
    """Take the file system's lock; None if it has none. Closing the descriptor gives it back."""
    try:
        return lock_descriptor(descriptor, blocking=False)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        _tell_once(error.strerror, path.parent)
        return None


def _holder(held: Path) -> tuple[str, int]:
    """Return the machine and process that a file names; no machine where it names none."""
    try:
        host, pid = held.read_text(encoding="ascii").split()
        return host, int(pid)
    except (OSError, ValueError):
        return "", 0


def _try_file(held: Path) -> bool:
    if _create(held):
        return True
    found = _holder(held)
    if found[0] != host_name():
        by = f"process {found[1]} on {found[0]}" if found[0] else "a process that it does not name"
        raise AscError(f"{held} is held by {by}; wait for it, or remove that file if the process is gone")
    if is_alive(found[1]):
        return False
    aside = held.with_name(f"{held.name}-{secrets.token_hex(4)}")
    try:
        held.rename(aside)
        if _holder(aside) != found:  # another process took it over first
            aside.rename(held)
            return False
        aside.unlink()
    except FileNotFoundError:
        return False
    return _create(held)


def _create(held: Path) -> bool:
    try:
        file = held.open("x", encoding="ascii")
    except FileExistsError:
        return False
    try:
        with file:
            file.write(f"{host_name()} {os.getpid()}\n")
    except OSError:
        held.unlink()  # a full disk: without a name in it the file would be in everyone's way
        raise
    return True
