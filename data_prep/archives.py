"""Safe extraction of ZIP archives: all members are checked before anything is written."""

import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from common.errors import DataError
from common.files import atomic_path

_BLOCK = 2**20
_RATIO = 200  # audio is compressed by less than 2, lists by about 20, a zip bomb by 1000
_SLACK = 2**20  # bytes; a smaller member is harmless at any ratio
_UTF8, _ENCRYPTED = 0x800, 0x2041
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError)


def _member_fault(member: zipfile.ZipInfo) -> str:
    """Return why a member is rejected, "" if it is not."""
    name, kind = member.filename, stat.S_IFMT(member.external_attr >> 16)
    path = PurePosixPath(name)
    for wrong, reason in (
        (not name or member.orig_filename != name or "\0" in member.orig_filename, "has no proper name"),
        (path.is_absolute() or name[1:2] == ":", "has an absolute name"),
        (".." in path.parts or "\\" in name or "//" in name, "has a name that leaves the folder"),
        (not name.isascii() and not member.flag_bits & _UTF8, "has a name that is neither ASCII nor UTF-8"),
        (not name.isprintable(), "has a name with control characters"),
        (kind not in (0, stat.S_IFREG, stat.S_IFDIR), "is a link, a device or another special file"),
        (bool(member.flag_bits & _ENCRYPTED), "is encrypted"),
        (member.compress_type not in _METHODS, f"is packed by method {member.compress_type}"),
        (member.file_size > _SLACK + _RATIO * member.compress_size, f"unpacks to {member.file_size} bytes, a bomb"),
    ):
        if wrong:
            return reason
    return ""


def _faults(archive: zipfile.ZipFile, size: int, target: Path, strip: str) -> Iterator[str]:
    """Yield every reason to reject an archive of `size` bytes that is to be unpacked into `target`."""
    members = archive.infolist()
    files: set[str] = set()
    for member in members:
        fault = _member_fault(member)
        if fault:
            yield f"{member.filename!r} {fault}"
        if not member.is_dir():
            name = str(_inside(member, strip)).casefold()
            if name in files:
                yield f"{member.filename!r} is in it twice"
            files.add(name)
    for parent in {str(parent) for name in files for parent in PurePosixPath(name).parents} & files:
        yield f"{parent!r} is both a file and a folder"
    if sum(member.compress_size for member in members) > size:
        yield "its members overlap, a bomb"
    needed, free = sum(member.file_size for member in members), shutil.disk_usage(target).free
    if needed > free:
        yield f"it unpacks to {needed} bytes, and {free} are free in {target}"


def _inside(member: zipfile.ZipInfo, strip: str) -> PurePosixPath:
    return PurePosixPath(member.filename.removeprefix(strip))


def _sum(path: Path) -> int:
    value = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            value = zlib.crc32(block, value)
    return value


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> None:
    if path.is_file() and path.stat().st_size == member.file_size and _sum(path) == member.CRC:
        return
    # zipfile reads at most the declared size, and raises an error if the CRC differs
    with archive.open(member) as source, atomic_path(path, member.file_size) as temporary, temporary.open("wb") as file:
        shutil.copyfileobj(source, file, _BLOCK)
        if file.tell() != member.file_size:
            raise zipfile.BadZipFile(f"{member.filename!r} is shorter than declared")


def extract(path: Path, target: Path, *, strip: str = "") -> int:
    """Unpack the ZIP archive `path` into the folder `target`; return the number of its files.

    Files are written atomically; existing files with the right size and CRC are kept. Nothing is written outside
    `target` or through a link inside it.

    Parameters
    ----------
    path
        The archive.
    target
        Folder to unpack into; it is created if necessary.
    strip
        Top folder to remove from the members' names.

    Raises
    ------
    DataError
        If the archive is damaged, or holds members other than files and folders inside `target`. In this case nothing
        is written, except for the members before one whose content is damaged.
    """
    target.mkdir(parents=True, exist_ok=True)
    home = target.resolve()
    try:
        with zipfile.ZipFile(path) as archive:
            faults = list(_faults(archive, path.stat().st_size, home, strip))
            if faults:
                more = f" and {len(faults) - 5} more" if len(faults) > 5 else ""
                raise DataError(f"{path} is not unpacked: {'; '.join(faults[:5])}{more}")
            members = [member for member in archive.infolist() if not member.is_dir()]
            for member in members:
                place = home / _inside(member, strip)
                if place.is_symlink() or not place.parent.resolve().is_relative_to(home):
                    raise DataError(f"{path} is not unpacked: {place} leads out of {target} by a link")
                _unpack(archive, member, place)
    except _DAMAGE as error:
        raise DataError(f"{path} is damaged: {error}; delete it and download it again") from error
    return len(members)
