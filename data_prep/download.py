"""Resumable, checksummed downloads of published files and data sets.

In the folder of a data set, `archives/` holds `<name>.part` during the download of an archive, `<name>` when the
download is complete, and `<name>.unpacked` (with the checksum) after the archive was unpacked and deleted.
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

PATIENCE = (1.0, 5.0, 15.0)  # seconds to wait after the first three successive failures; the fourth is final
_BLOCK = 2**18
_TIMEOUT = 60.0  # seconds without a byte
_RANGE_REFUSED, _TOO_MANY = 416, 429


def _opener() -> urllib.request.OpenerDirector:
    """Return a URL opener for http and https only, with support for proxies and redirections."""
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
    """Append the missing part of the remote file to `file`; raise ConnectionError if the transfer ends early."""
    start = file.seek(0, os.SEEK_END)
    headers = {"User-Agent": "asc-devices", **({"Range": f"bytes={start}-"} if start else {})}
    request = urllib.request.Request(remote.url, headers=headers)  # noqa: S310 (the opener knows http and https only)
    with _opener().open(request, timeout=_TIMEOUT) as response:
        if start and not response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
            file.truncate(0)  # the server ignores the range and sends the whole file
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
    """Try once to receive the missing part; return "" on success, else the reason of a failure that may be temporary.

    Raises
    ------
    DataError
        If the server refuses the request.
    """
    try:
        _receive(remote, file)
    except urllib.error.HTTPError as error:
        if error.code < 500 and error.code not in (_RANGE_REFUSED, _TOO_MANY):
            raise DataError(f"{remote.url} cannot be downloaded: HTTP {error.code} {error.reason}") from error
        # A refused range means that nothing is missing.
        return "" if error.code == _RANGE_REFUSED else f"HTTP {error.code} {error.reason}"
    except (urllib.error.URLError, http.client.HTTPException, ssl.SSLError, TimeoutError, ConnectionError) as error:
        return str(getattr(error, "reason", error)) or type(error).__name__
    return ""


def _download(remote: Remote, path: Path) -> None:
    """Download a file to `path`, resuming an earlier attempt."""
    part = path.with_name(f"{path.name}.part")
    guard = path.with_name(f".{path.name}.lock")
    with lock(guard) as free:
        if not free:
            raise AscError(f"another process is downloading {part}; wait for it")
        with part.open("ab", buffering=0) as file:
            _receive_with_retries(remote, file, part)
            os.fsync(file.fileno())
        os.replace(part, path)
    guard.unlink(missing_ok=True)  # not needed any more: other processes find the complete file


def _receive_with_retries(remote: Remote, file: FileIO, part: Path) -> None:
    """Receive the missing part of a file; give up after four successive failures without progress."""
    furthest, failures = file.tell(), 0
    while reason := _attempt(remote, file):
        failures = 1 if file.tell() > furthest else failures + 1
        furthest = max(furthest, file.tell())
        if failures > len(PATIENCE):
            kept = f"{file.tell()} bytes are kept in {part}, and the same command continues from there"
            raise DataError(f"{remote.url} cannot be downloaded: {reason}; {kept}")
        time.sleep(PATIENCE[failures - 1])


def _check_sum(remote: Remote, path: Path) -> None:
    with path.open("rb") as file:
        found = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    if found != remote.md5:
        path.unlink()
        raise DataError(
            f"{path} is not the published file: its MD5 is {found}, not {remote.md5}. It was deleted; "
            "run the same command again; if that does not help, the publisher has changed the file"
        )


@contextmanager
def _explained_write_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise AscError(
            f"cannot write {error.filename or path}: {error.strerror}; the same command continues"
        ) from error


def obtain(remote: Remote, path: Path) -> None:
    """Download a file to `path`, unless it exists, and check its MD5 sum.

    Raises
    ------
    DataError
        If the file cannot be downloaded, or its checksum differs from the published one.
    AscError
        If the disk is full, or another process is downloading the file.
    """
    with _explained_write_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file():
            _download(remote, path)
        _check_sum(remote, path)


def fetch(remotes: Sequence[Remote], root: Path, *, strip: str = "") -> None:
    """Download, check and unpack the archives of a data set into the folder `root`.

    Archives that were unpacked before are skipped. Archives placed into `root`/archives by hand are checked and used.

    Parameters
    ----------
    remotes
        The archives.
    root
        Folder of the data set.
    strip
        Top folder to remove from the names in the archives.

    Raises
    ------
    DataError
        If an archive cannot be downloaded, differs from the published one, or is rejected by `extract`.
    AscError
        If the disk is full, or another process is downloading an archive.
    """
    folder = root / "archives"
    with _explained_write_errors(folder):
        for remote in remotes:
            _fetch_archive(remote, folder / remote.name, root, strip)


def _fetch_archive(remote: Remote, path: Path, root: Path, strip: str) -> None:
    unpacked = path.with_name(f"{path.name}.unpacked")
    if unpacked.is_file():
        return
    obtain(remote, path)
    extract(path, root, strip=strip)
    write_text(unpacked, remote.md5 + "\n")
    path.unlink()
