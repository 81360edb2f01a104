"""Locks between processes: file-system locks or, where these are not supported, files that name their holder."""

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

# Error numbers of `flock` on file systems and Python builds without locks.
_NO_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP}


@contextmanager
def lock(path: Path) -> Iterator[bool]:
    """Try to lock the file `path` for the duration of the `with` block; yield whether the lock was acquired.

    The lock is released when the process ends, even if it is killed. On a file system without locks, the file
    `<path>.held` is created instead and names the machine and the process; a file left by a dead process of this
    machine is taken over. `path` must not be used for anything else.

    Raises
    ------
    AscError
        If the lock file cannot be written or, on a file system without locks, if `<path>.held` names a process of
        another machine, running or not.
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
    """Return whether a process holds the lock `path`. The check acquires the lock for a moment."""
    if _held_file(path).exists():
        host, pid = _holder(_held_file(path))
        return host != host_name() or is_alive(pid)
    try:
        with path.open() as file:
            return _try_system(file.fileno(), path) is False
    except OSError:
        return False


def _try_lock(path: Path, exits: ExitStack) -> bool:
    """Return whether `path` could be locked; the lock is released when `exits` is closed."""
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
def _warn_once(reason: str, folder: Path) -> None:
    print(
        f"warning: {folder} is on a file system without locks ({reason}); files (*.held) that name machine and process "
        "are used instead",
        file=sys.stderr,
    )


def _try_system(descriptor: int, path: Path) -> bool | None:
    """Try to acquire the file system's lock; return None if it has no locks. Closing the descriptor releases it."""
    try:
        return lock_descriptor(descriptor, blocking=False)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        _warn_once(error.strerror, path.parent)
        return None


def _holder(held: Path) -> tuple[str, int]:
    """Return the machine and the process that a `.held` file names; ("", 0) if it names none."""
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
        by = f"process {found[1]} on {found[0]}" if found[0] else "an unnamed process"
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
        held.unlink()  # the disk is full; a file without a name would block every process
        raise
    return True
