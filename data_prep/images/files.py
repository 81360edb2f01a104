"""The files of a published image set: found, fetched where that is asked for, and read whole or not at all."""

import gzip
import hashlib
import tarfile
import zlib
from pathlib import Path

from common.errors import DataError
from common.files import atomic_path
from data_prep.download import obtain
from data_prep.images.published import PublishedFile, PublishedSet

_AGAIN = "delete it and fetch it again (--download)"


def read_files(published: PublishedSet, folder: Path, *, download: bool = False) -> list[bytes]:
    """Return the content of each file of a set.

    Parameters
    ----------
    folder
        Holds the files, as they are or each with `.gz`, or holds torchvision's folder of them.
    download
        Whether to fetch the set, in torchvision's layout, if not all of it is there.

    Raises
    ------
    DataError
        If a file is missing, cut off, or not the published one, or cannot be fetched.
    AscError
        If what is fetched cannot be written.
    """
    home, missing = _home(published, folder)
    if missing and download:
        _fetch(published, folder / published.folder)
        home, missing = _home(published, folder)
    if missing:
        places = " or ".join(dict.fromkeys((str(folder), str(folder / published.folder))))
        raise DataError(f"{', '.join(missing)} not found in {places}; name the right folder or fetch them (--download)")
    return [_read(home, file) for file in published.files]


def _present(home: Path, name: str) -> Path | None:
    return next((path for path in (home / name, home / f"{name}.gz") if path.is_file()), None)


def _home(published: PublishedSet, folder: Path) -> tuple[Path, list[str]]:
    """Return which of the two possible folders has more of the files, and the names of those it lacks."""
    homes = (folder / published.folder, folder)
    lacks = {home: [file.name for file in published.files if not _present(home, file.name)] for home in homes}
    home = min(homes, key=lambda home: len(lacks[home]))
    return home, lacks[home]


def _read(home: Path, file: PublishedFile) -> bytes:
    path = _present(home, file.name) or home / file.name
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            content = stream.read(file.size + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be read: {error}; {_AGAIN}") from error
    if len(content) != file.size:
        found = "more" if len(content) > file.size else str(len(content))
        raise DataError(f"{path} is not the published file: it holds {found} bytes, not {file.size}; {_AGAIN}")
    if file.md5 and (found := hashlib.md5(content, usedforsecurity=False).hexdigest()) != file.md5:
        raise DataError(f"{path} is not the published file: its MD5 is {found}, not {file.md5}; {_AGAIN}")
    return content


def _fetch(published: PublishedSet, home: Path) -> None:
    for remote in published.remotes:
        path = home / remote.name
        if path.name.endswith(".tar.gz"):
            obtain(remote, path)
            _take(published, path, home)
            path.unlink()
        elif not _present(home, remote.name.removesuffix(".gz")):
            obtain(remote, path)


def _take(published: PublishedSet, path: Path, home: Path) -> None:
    """Take the set's files out of an archive, and nothing else: no name in it decides where anything is written."""
    wanted = {f"{published.folder}/{file.name}": home / file.name for file in published.files}
    try:
        with tarfile.open(path, "r:gz") as archive:
            for member in archive:
                if member.name in wanted and (source := archive.extractfile(member)):
                    with source, atomic_path(wanted.pop(member.name), member.size) as temporary:
                        temporary.write_bytes(source.read())
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise DataError(f"{path} is damaged: {error}; {_AGAIN}") from error
    if wanted:
        raise DataError(f"{path} does not hold {', '.join(wanted)}; {_AGAIN}")
