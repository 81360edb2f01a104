"""Atomic file writes: a temporary file beside the target is flushed to disk and renamed over the target."""

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
_RETRY_DELAYS = (0.01, 0.1, 1.0)  # seconds between attempts to replace a file that another process reads
_PROBE = 2**16  # bytes; more than the space that may remain on a full disk


def _sync(path: Path) -> None:
    """Flush a file, or the entries of a folder, to the disk."""
    if path.is_dir() and WINDOWS:
        return  # Windows cannot open folders
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)  # Windows syncs only writable files
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _replace(temporary: Path, target: Path) -> None:
    """Rename `temporary` to `target`; on Windows, retry while another process has `target` open."""
    for seconds in _RETRY_DELAYS if WINDOWS else ():
        try:
            os.replace(temporary, target)
            return
        except PermissionError:
            time.sleep(seconds)
    os.replace(temporary, target)


def _system_error(error: Exception, temporary: Path) -> OSError | None:
    """Return the operating system's error behind a failed write of `temporary`, or None if there is none.

    torch, safetensors and numpy do not pass on the error number; for them, a few bytes are written to find out.
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
    """Yield a temporary path beside `target`, which replaces `target` on a clean exit and is removed otherwise.

    A reader of `target` finds either the old file or the new one, even if this process is killed. If two processes
    write at once, each writes its own temporary file and the later rename wins.

    Parameters
    ----------
    target
        File to write; its folder is created if necessary.
    needed
        Size of the file in bytes, if known, for the error message.

    Raises
    ------
    AscError
        If the file cannot be written (disk full, quota, no permission); the message names the file and its size.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with atomic_path(Path(folder, "result.txt")) as temporary:
    ...         _ = temporary.write_text("done")
    ...     print(Path(folder, "result.txt").read_text())
    done
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
        with suppress(OSError):  # the temporary file may not exist
            temporary.unlink()


def write_text(target: Path, text: str) -> None:
    """Write `text` to `target` atomically, as UTF-8 with Unix line ends."""
    with atomic_path(target) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def as_json(value: object) -> str:
    """Return `value` as indented JSON with sorted keys; raise ValueError for NaN and infinity."""
    return json.dumps(value, indent=1, sort_keys=True, allow_nan=False) + "\n"


def write_json(target: Path, value: object) -> None:
    """Write `value` as JSON atomically; see `as_json`."""
    write_text(target, as_json(value))


def remove_stale_temporaries(folder: Path) -> int:
    """Delete temporary files in `folder` (not in its subfolders) whose writer on this machine is dead; count them."""
    removed = 0
    for path in folder.glob(".*.tmp-*") if folder.is_dir() else ():
        match = _TEMPORARY.match(path.name)
        if match and match["host"] == host_name() and not is_alive(int(match["pid"])):
            path.unlink(missing_ok=True)
            removed += 1
    return removed
