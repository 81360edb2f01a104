"""Locks between processes: file-system locks or, where these are not supported, files that name their holder."""

import errno
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

from filelock import SoftFileLock, Timeout, lock_descriptor

from common.errors import AscError

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

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with lock(Path(folder, ".lock")) as acquired:
    ...         print(acquired, is_locked(Path(folder, ".lock")))
    True True
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
    held = _held_file(path)
    if held.exists():
        try:
            with SoftFileLock(held, blocking=False):
                return False
        except (Timeout, OSError):
            return True
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
    return _try_file(_held_file(path), exits) if free is None else free


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


def _try_file(held: Path, exits: ExitStack) -> bool:
    """Return whether the file `held` could be created; filelock takes over files of dead processes of this machine."""
    try:
        exits.enter_context(SoftFileLock(held, blocking=False))
    except Timeout:
        try:
            pid, host = [*held.read_text(encoding="ascii", errors="replace").split(), "", ""][:2]
        except FileNotFoundError:  # released in the meantime
            return False
        if host.partition("?")[0] == socket.gethostname():  # filelock appends a container's namespace after "?"
            return False
        by = f"process {pid} on {host}" if host else "an unnamed process"
        raise AscError(f"{held} is held by {by}; wait for it, or remove that file if the process is gone") from None
    return True
