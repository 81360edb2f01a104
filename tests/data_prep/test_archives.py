"""Unpacking: good archives whole and resumable; twenty hostile ones without a byte outside, or inside."""

import io
import os
import stat
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from common.errors import DataError
from data_prep.archives import extract
from tests.tiny_sets import tree

GOOD = {"set/meta.csv": b"filename\n", "set/audio/a.wav": os.urandom(3_000_000), "set/audio/empty.wav": b""}


def pack(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def special(name: str, kind: int, content: bytes) -> bytes:
    """Return an archive with a member of another kind, then one that would be written through it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        member = zipfile.ZipInfo(name)
        member.create_system = 3
        member.external_attr = (kind | 0o777) << 16
        archive.writestr(member, content)
        archive.writestr(f"{name}/written", b"through it")
    return file.getvalue()


def twice() -> bytes:
    file = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(file, "w") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("a", b"1")
        archive.writestr("a", b"2")
    return file.getvalue()


def patched(old: bytes, new: bytes, count: int = -1, members: dict[str, bytes] | None = None) -> bytes:
    """Return a good archive in which some bytes are others."""
    data = pack(members or {"name.wav": b"content" * 99})
    assert old in data
    return data.replace(old, new, count)


def with_flag(flag: int) -> bytes:
    data = bytearray(pack({"a": b"secret"}))
    data[6] |= flag
    data[data.rindex(b"PK\1\2") + 8] |= flag
    return bytes(data)


def with_size(size: int) -> bytes:
    """Return an archive whose member says in both places that it unpacks to `size` bytes."""
    data = bytearray(pack({"a": b"x" * 1000}))
    for offset in (22, data.rindex(b"PK\1\2") + 24):
        data[offset : offset + 4] = struct.pack("<I", size)
    return bytes(data)


def bad_sum() -> bytes:
    data = bytearray(pack({"a": b"x" * 1000}, zipfile.ZIP_STORED))
    data[500] ^= 1
    return bytes(data)


def overlapping() -> bytes:
    """Return an archive whose many members are one and the same megabyte."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("0", os.urandom(2**20))
        for number in range(1, 50):
            member = archive.getinfo("0")
            copy = zipfile.ZipInfo(str(number))
            copy.CRC, copy.file_size, copy.compress_size = member.CRC, member.file_size, member.compress_size
            copy.header_offset = 0
            archive.filelist.append(copy)
            archive.NameToInfo[str(number)] = copy
        archive._didModify = True  # type: ignore[attr-defined]
    return file.getvalue()


HOSTILE: dict[str, Callable[[], bytes]] = {
    "parent": lambda: pack({"../evil": b"x"}),
    "parent after the top folder": lambda: pack({"set/../../evil": b"x"}),
    "absolute": lambda: pack({"/tmp/evil-of-a-test": b"x"}),  # noqa: S108
    "absolute after the top folder": lambda: pack({"set//tmp/evil-of-a-test": b"x"}),
    "drive": lambda: pack({"C:/evil": b"x"}),
    "backslash": lambda: pack({"a\\..\\..\\evil": b"x"}),
    "symbolic link": lambda: special("link", stat.S_IFLNK, b"/tmp"),
    "device": lambda: special("device", stat.S_IFCHR, b""),
    "pipe": lambda: special("pipe", stat.S_IFIFO, b""),
    "duplicate": twice,
    "duplicate after case-folding": lambda: pack({"set/a": b"1", "set/A": b"2"}),
    "duplicate after the top folder is left out": lambda: pack({"set/a": b"1", "a": b"2"}),
    "file and folder": lambda: pack({"a": b"1", "a/b": b"2"}),
    "bomb": lambda: pack({"zeros": bytes(2**30 // 4)}),
    "overlapping members": overlapping,
    "larger than the disk": lambda: pack({f"{number}": b"" for number in range(3)} | {"a": b"x"}),
    "encrypted": lambda: with_flag(1),
    "wrong sum": bad_sum,
    "shorter than it says": lambda: with_size(1001),
    "longer than it says": lambda: with_size(999),
    "no central directory": lambda: pack(GOOD)[:-30],
    "truncated central directory": lambda: patched(b"PK\1\2", b"PK\1\3"),
    "name that is not UTF-8": lambda: patched(b"name.wav", b"n\xff\xfee.wav"),
    "name with a zero": lambda: patched(b"name.wav", b"na\0e.wav"),
    "another method": lambda: pack({"a": b"x" * 1000}, zipfile.ZIP_LZMA),
    "not an archive": lambda: os.urandom(5000),
    "empty": lambda: b"",
}


@pytest.mark.parametrize("attack", HOSTILE)
def test_hostile_archives_write_nothing(attack: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if attack == "larger than the disk":
        usage = type("Usage", (), {"free": 0})
        monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    path, target = tmp_path / "archive.zip", tmp_path / "in/target"
    path.write_bytes(HOSTILE[attack]())
    target.mkdir(parents=True)
    before = tree(tmp_path)
    with pytest.raises(DataError) as caught:
        extract(path, target, strip="set/")
    assert str(path) in str(caught.value)
    assert tree(tmp_path) == before
    assert not Path("/tmp/evil-of-a-test").exists()  # noqa: S108


@pytest.mark.parametrize("place", ["audio", "audio/a.wav"])
def test_links_that_lead_out_are_not_followed(place: str, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "archive.zip").write_bytes(pack(GOOD))
    link = tmp_path / "target" / place
    link.parent.mkdir(parents=True)
    link.symlink_to(outside if place == "audio" else outside / "a.wav")
    with pytest.raises(DataError, match="by a link"):
        extract(tmp_path / "archive.zip", tmp_path / "target", strip="set/")
    assert not tree(outside)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_good_archives_come_out_whole(tmp_path: Path, method: int) -> None:
    (tmp_path / "archive.zip").write_bytes(pack({**GOOD, "set/folder/": b""}, method))
    assert extract(tmp_path / "archive.zip", tmp_path / "target", strip="set/") == 3
    for name, content in GOOD.items():
        assert (tmp_path / "target" / name.removeprefix("set/")).read_bytes() == content
    extract(tmp_path / "archive.zip", tmp_path / "whole")
    assert (tmp_path / "whole/set/meta.csv").read_bytes() == GOOD["set/meta.csv"]


def test_what_is_there_already_is_not_written_again(tmp_path: Path) -> None:
    (tmp_path / "archive.zip").write_bytes(pack(GOOD))
    target = tmp_path / "target"
    extract(tmp_path / "archive.zip", target, strip="set/")
    (target / "meta.csv").write_bytes(b"filenamE\n")  # the same size, other content
    before = (target / "audio/a.wav").stat()
    extract(tmp_path / "archive.zip", target, strip="set/")
    assert (target / "audio/a.wav").stat() == before
    assert (target / "meta.csv").read_bytes() == GOOD["set/meta.csv"]


def test_every_truncation_and_many_flips_are_named_errors_or_harmless(tmp_path: Path) -> None:
    members = {"set/a.txt": b"some content, " * 20, "set/b.bin": os.urandom(100)}
    data = pack(members)
    path = tmp_path / "archive.zip"
    attempts = [data[:length] for length in range(0, len(data), 5)]
    attempts += [
        data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :] for at in range(0, len(data), 2) for bit in (1 << at % 8,)
    ]
    allowed = {name.removeprefix("set/"): content for name, content in members.items()}
    for number, attempt in enumerate(attempts):
        path.write_bytes(attempt)
        target = tmp_path / f"in/{number}/target"
        try:
            extract(path, target, strip="set/")
        except DataError:
            continue
        # a flip in a name is another name, not another content
        contents = [file.read_bytes() for file in target.rglob("*") if file.is_file()]
        assert all(content in allowed.values() for content in contents)
    outside = {file.relative_to(tmp_path / "in").parts[1] for file in (tmp_path / "in").rglob("*") if file.is_file()}
    assert outside <= {"target"}
