"""Files that are whole or absent: written beside their target, flushed to the disk, then renamed over it."""

import errno
import json
import os
import re
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from common.errors import AscError

_TEMPORARY = re.compile(r"^\..+\.tmp-(?P<host>[A-Za-z0-9-]+)-(?P<pid>\d+)-[0-9a-f]{8}$")
_OUT_OF_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9]", "-", socket.gethostname()) or "host"


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def atomic_path(target: Path, needed: int | None = None) -> Iterator[Path]:
    """Yield a temporary path beside `target`; on a clean exit it replaces `target`, else it is removed.

    Whoever opens `target`, at whatever moment this process dies, finds the old file or the new one. Two writers at
    once do no harm: each writes its own temporary and the later rename wins. `needed` is the file's size in bytes
    where it is known beforehand, for the message.

    Raises
    ------
    AscError
        If the file cannot be written (disk full, quota, no permission), naming the file and the space it needs.
    """
    temporary = target.parent / f".{target.name}.tmp-{_host()}-{os.getpid()}-{secrets.token_hex(4)}"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        _sync(temporary)
        written = temporary.stat().st_size
        os.replace(temporary, target)
        _sync(target.parent)
    except OSError as error:
        if error.errno is None:
            raise
        written = temporary.stat().st_size if temporary.exists() else 0
        hint = " (no space is left; free some and run the same command again)" if error.errno in _OUT_OF_SPACE else ""
        size = f"{written} bytes" if needed is None else f"{written} of {needed} bytes"
        raise AscError(f"cannot write {target} after {size}: {os.strerror(error.errno)}{hint}") from error
    finally:
        with suppress(OSError):  # what could not be made need not be removed
            temporary.unlink()


def write_text(target: Path, text: str) -> None:
    """Write UTF-8 `text` to `target`, whole or not at all, with Unix line ends."""
    with atomic_path(target) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def as_json(value: object) -> str:
    """Return `value` as indented JSON with sorted keys. NaN and infinity are refused."""
    return json.dumps(value, indent=1, sort_keys=True, allow_nan=False) + "\n"


def write_json(target: Path, value: object) -> None:
    """Write `value` as JSON (see `as_json`), whole or not at all."""
    write_text(target, as_json(value))


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def remove_stale_temporaries(folder: Path) -> int:
    """Delete what dead writers of this machine left in `folder` (not below it); return how many files that was."""
    removed = 0
    for path in folder.glob(".*.tmp-*") if folder.is_dir() else ():
        match = _TEMPORARY.match(path.name)
        if match and match["host"] == _host() and not _alive(int(match["pid"])):
            path.unlink(missing_ok=True)
            removed += 1
    return removed
