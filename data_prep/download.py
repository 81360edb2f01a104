"""Fetching published files, resumable and checked; archives are unpacked, and each is given up once it is unpacked.

In an unpacked data set's folder, `archives/` holds `<name>.part` while an archive is fetched, `<name>` once it is
complete, and `<name>.unpacked` (its sum) once its content stands in place.
"""

import hashlib
import http.client
import os
import shutil
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from common.errors import AscError, DataError
from common.files import write_text
from common.locks import lock
from common.progress import progress
from data_prep.archives import extract
from data_prep.remotes import Remote

PATIENCE = (1.0, 5.0, 15.0)  # seconds to wait after one failure, two, three in a row; a fourth is the last
_BLOCK = 2**18
_TIMEOUT = 60.0  # seconds without a byte
_RANGE_REFUSED, _TOO_MANY = 416, 429


def _opener() -> urllib.request.OpenerDirector:
    """Return an opener that knows http and https (through proxies and redirections) and no other scheme."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener


def _mebibytes(size: int) -> int:
    return -(-size // 2**20)


def _receive(remote: Remote, file: FileIO) -> None:
    """Append to `file` what is missing of the archive, as far as the server gets."""
    start = file.seek(0, os.SEEK_END)
    headers = {"User-Agent": "asc-devices", **({"Range": f"bytes={start}-"} if start else {})}
    request = urllib.request.Request(remote.url, headers=headers)  # noqa: S310 (the opener knows http and https only)
    with _opener().open(request, timeout=_TIMEOUT) as response:
        if start and not response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
            file.truncate(0)  # the server sends all of it again
            start = file.seek(0)
        total = start + int(response.headers.get("Content-Length", 0))
        free = shutil.disk_usage(file.name).free
        if total - start > free:
            raise AscError(f"{file.name} needs {total - start} bytes more, {free} are free; free some and run again")
        with progress(remote.name, _mebibytes(total), "MiB") as advance:
            advance(_mebibytes(start), counts=False)
            while block := response.read(_BLOCK):
                before, rest = file.tell(), memoryview(block)
                while rest:
                    rest = rest[file.write(rest) :]
                if step := _mebibytes(file.tell()) - _mebibytes(before):
                    advance(step)
    if file.tell() < total:
        raise ConnectionError(f"the transfer ended after {file.tell()} of {total} bytes")


def _attempt(remote: Remote, file: FileIO) -> str:
    """Receive; return "" if the server says that this is all, else what went wrong and may go right another time.

    Raises
    ------
    DataError
        If the server refuses.
    """
    try:
        _receive(remote, file)
    except urllib.error.HTTPError as error:
        if error.code < 500 and error.code not in (_RANGE_REFUSED, _TOO_MANY):
            raise DataError(f"{remote.url} cannot be had: HTTP {error.code} {error.reason}") from error
        return (
            "" if error.code == _RANGE_REFUSED else f"HTTP {error.code} {error.reason}"
        )  # refused: nothing is missing
    except (urllib.error.URLError, http.client.HTTPException, ssl.SSLError, TimeoutError, ConnectionError) as error:
        return str(getattr(error, "reason", error)) or type(error).__name__
    return ""


def _download(remote: Remote, path: Path) -> None:
    """Fetch an archive to `path`, going on where an earlier attempt ended."""
    part = path.with_name(f"{path.name}.part")
    guard = path.with_name(f".{path.name}.lock")
    with lock(guard) as free:
        if not free:
            raise AscError(f"another process is fetching {part}; wait for it")
        with part.open("ab", buffering=0) as file:
            _persevere(remote, file, part)
            os.fsync(file.fileno())
        os.replace(part, path)
    guard.unlink(missing_ok=True)  # it has served: whoever comes now finds the archive


def _persevere(remote: Remote, file: FileIO, part: Path) -> None:
    """Receive what is missing of `part`, attempt after attempt."""
    furthest, failures = file.tell(), 0
    while reason := _attempt(remote, file):
        failures = 1 if file.tell() > furthest else failures + 1
        furthest = max(furthest, file.tell())
        if failures > len(PATIENCE):
            kept = f"{file.tell()} bytes are kept in {part}, the same command goes on from there"
            raise DataError(f"{remote.url} cannot be had: {reason}; {kept}")
        time.sleep(PATIENCE[failures - 1])


def _check_sum(remote: Remote, path: Path) -> None:
    with path.open("rb") as file:
        found = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    if found != remote.md5:
        path.unlink()
        raise DataError(
            f"{path} is not the file that was published: its MD5 is {found}, not {remote.md5}. It is deleted; "
            "run the same command again, and if that does not help, the publisher has changed it"
        )


@contextmanager
def _naming_what_fails(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise AscError(f"cannot write {error.filename or path}: {error.strerror}; the same command goes on") from error


def obtain(remote: Remote, path: Path) -> None:
    """Bring one file to `path` and check it; if somebody put it there by hand, only check it.

    Raises
    ------
    DataError
        If it cannot be had, or is not the published one.
    AscError
        If the disk is full, or another process is at it.
    """
    with _naming_what_fails(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file():
            _download(remote, path)
        _check_sum(remote, path)


def fetch(remotes: Sequence[Remote], root: Path, *, strip: str = "") -> None:
    """Bring a data set into the folder `root`: fetch what is missing of its archives, check and unpack each.

    Archives that somebody put into `root`/archives by hand are checked and used.

    Parameters
    ----------
    strip
        The archives' common top folder, left out.

    Raises
    ------
    DataError
        If an archive cannot be had, or is not the published one, or holds what an archive should not.
    AscError
        If the disk is full, or another process is at it.
    """
    folder = root / "archives"
    with _naming_what_fails(folder):
        for remote in remotes:
            _bring(remote, folder / remote.name, root, strip)


def _bring(remote: Remote, path: Path, root: Path, strip: str) -> None:
    unpacked = path.with_name(f"{path.name}.unpacked")
    if unpacked.is_file():
        return
    obtain(remote, path)
    extract(path, root, strip=strip)
    write_text(unpacked, remote.md5 + "\n")
    path.unlink()
