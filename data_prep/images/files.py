"""Finding, downloading and reading the files of published image sets."""

import gzip
import hashlib
import tarfile
import zlib
from pathlib import Path

from common.errors import DataError
from common.files import atomic_path
from data_prep.download import obtain
from data_prep.images.published import PublishedFile, PublishedSet

_AGAIN = "delete it and download it again (--download)"


def read_files(published: PublishedSet, folder: Path, *, download: bool = False) -> list[bytes]:
    """Return the contents of the files of a set.

    Parameters
    ----------
    published
        The image set.
    folder
        Folder with the files (uncompressed or as `.gz`), or with torchvision's subfolder of them.
    download
        Whether to download missing files, in torchvision's layout.

    Raises
    ------
    DataError
        If a file is missing, damaged, different from the published one, or cannot be downloaded.
    AscError
        If a downloaded file cannot be written.
    """
    home, missing = _home(published, folder)
    if missing and download:
        _fetch(published, folder / published.folder)
        home, missing = _home(published, folder)
    if missing:
        places = " or ".join(dict.fromkeys((str(folder), str(folder / published.folder))))
        raise DataError(f"{', '.join(missing)} not found in {places}; name the right folder, or use --download")
    return [_read(home, file) for file in published.files]


def _present(home: Path, name: str) -> Path | None:
    return next((path for path in (home / name, home / f"{name}.gz") if path.is_file()), None)


def _home(published: PublishedSet, folder: Path) -> tuple[Path, list[str]]:
    """Return the one of the two possible folders that has more of the files, and the names of its missing files."""
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
            _unpack(published, path, home)
            path.unlink()
        elif not _present(home, remote.name.removesuffix(".gz")):
            obtain(remote, path)


def _unpack(published: PublishedSet, path: Path, home: Path) -> None:
    """Extract only the set's files from an archive; names in the archive do not determine where files are written."""
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
