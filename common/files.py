"""Files that are whole or absent: written beside their target, flushed to the disk, then renamed over it."""

import errno
import json
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from common.errors import AscError
from common.processes import WINDOWS, host_name, is_alive

_TEMPORARY = re.compile(r"^\..+\.tmp-(?P<host>[A-Za-z0-9-]+)-(?P<pid>\d+)-[0-9a-f]{8}$")
_OUT_OF_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_PATIENCE = (0.01, 0.1, 1.0)  # seconds between attempts to take a reader's file away
_PROBE = 2**16  # bytes, more than what may be left over of a full disk


def _sync(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk."""
    if path.is_dir() and WINDOWS:
        return  # Windows opens no folders
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)  # Windows syncs no files opened to read
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _replace(temporary: Path, target: Path) -> None:
    """Rename; on Windows, where nothing can take the place of a file that is being read, wait for the reader."""
    for seconds in _PATIENCE if WINDOWS else ():
        try:
            os.replace(temporary, target)
            return
        except PermissionError:
            time.sleep(seconds)
    os.replace(temporary, target)


def _system_error(error: Exception, temporary: Path) -> OSError | None:
    """Return why the system refused to write `temporary`, or None if it did not.

    Not every library passes it on (torch, safetensors and numpy do not), so where `error` does not say, it is tried.
    """
    if isinstance(error, OSError) and error.errno is not None:
        return error
    try:
        with temporary.open("ab") as file:
            file.write(bytes(_PROBE))
            file.flush()
            os.fsync(file.fileno())
    except OSError as refusal:
        return refusal
    return None


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
    temporary = target.parent / f".{target.name}.tmp-{host_name()}-{os.getpid()}-{secrets.token_hex(4)}"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        _sync(temporary)
        written = temporary.stat().st_size
        _replace(temporary, target)
        _sync(target.parent)
    except AscError:
        raise
    except Exception as error:
        written = temporary.stat().st_size if temporary.exists() else 0
        refusal = _system_error(error, temporary)
        if refusal is None:
            raise
        number = refusal.errno or 0
        hint = " (no space is left; free some and run the same command again)" if number in _OUT_OF_SPACE else ""
        size = f"{written} bytes" if needed is None else f"{written} of {needed} bytes"
        raise AscError(f"cannot write {target} after {size}: {os.strerror(number)}{hint}") from error
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


def remove_stale_temporaries(folder: Path) -> int:
    """Delete what dead writers of this machine left in `folder` (not below it); return how many files that was."""
    removed = 0
    for path in folder.glob(".*.tmp-*") if folder.is_dir() else ():
        match = _TEMPORARY.match(path.name)
        if match and match["host"] == host_name() and not is_alive(int(match["pid"])):
            path.unlink(missing_ok=True)
            removed += 1
    return removed
