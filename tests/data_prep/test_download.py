"""Fetching from a server of the test's own, which does everything that servers do."""

import hashlib
import importlib
import os
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from common.errors import AscError, DataError
from common.locks import lock
from data_prep import download
from data_prep.download import fetch
from data_prep.remotes import RELEASES, Remote
from tests.data_prep.test_archives import pack
from tests.tiny_sets import tree

LISTS = pack({"set/meta.csv": b"filename\n"})
AUDIO = pack({"set/audio/a.wav": os.urandom(1_500_000), "set/audio/b.wav": os.urandom(1_500_000)})


class Server(ThreadingHTTPServer):
    """Serves two archives, after the tricks that stand in `tricks`, one for each request, have been played."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = {"/lists.zip": LISTS, "/audio.zip": AUDIO}
        self.tricks: list[str] = []
        self.ranges: list[str | None] = []
        self.has_ranges = True

    def remotes(self) -> list[Remote]:
        return [
            Remote(
                name=path[1:],
                url=f"http://127.0.0.1:{self.server_port}{path}",
                md5=hashlib.md5(data, usedforsecurity=False).hexdigest(),
            )
            for path, data in {"/lists.zip": LISTS, "/audio.zip": AUDIO}.items()
        ]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        trick = self.server.tricks.pop(0) if self.server.tricks else ""
        self.server.ranges.append(self.headers["Range"])
        if re.fullmatch(r"\d{3}", trick):
            self.send_error(int(trick))
            return
        if trick.startswith(("http:", "file:", "ftp:")):
            self.send_response(302)
            self.send_header("Location", trick)
            self.end_headers()
            return
        data = self.server.files[self.path]
        start = int(match[1]) if (match := re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or "")) else 0
        if not self.server.has_ranges or not match:
            start = 0
            self.send_response(200)
        elif start >= len(data):
            self.send_error(416)
            return
        else:
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        if trick != "no length":
            self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        end = len(data) if trick != "cut off" else start + max(1, (len(data) - start) // 2)
        self.wfile.write(data[start:end])


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(download, "PATIENCE", (0.0, 0.0, 0.0))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with Server() as serving:
        thread = threading.Thread(target=serving.serve_forever, args=(0.01,))
        thread.start()
        yield serving
        serving.shutdown()
        thread.join()


def check_whole(root: Path) -> None:
    names = {"meta.csv", "audio/a.wav", "audio/b.wav", "archives/lists.zip.unpacked", "archives/audio.zip.unpacked"}
    assert {name for name in tree(root) if not name.endswith(".lock")} == names
    assert (root / "audio/a.wav").stat().st_size == 1_500_000


def test_archives_are_fetched_unpacked_and_given_up(server: Server, tmp_path: Path) -> None:
    fetch(server.remotes(), tmp_path / "root", strip="set/")
    check_whole(tmp_path / "root")
    fetch(server.remotes(), tmp_path / "root", strip="set/")
    assert len(server.ranges) == 2  # the second time nothing was asked


@pytest.mark.parametrize(
    ("tricks", "has_ranges"),
    [
        (["", "cut off"], True),
        (["", "cut off", "cut off", "cut off", "cut off", "cut off"], True),
        (["", "cut off"], False),
        (["", "no length"], True),
        (["503", "500", "429"], True),
        (["", "cut off", "503", "cut off", "502"], True),
    ],
)
def test_troubles_that_pass(server: Server, tmp_path: Path, tricks: list[str], has_ranges: bool) -> None:
    server.tricks, server.has_ranges = tricks, has_ranges
    fetch(server.remotes(), tmp_path / "root", strip="set/")
    check_whole(tmp_path / "root")
    if tricks == ["", "cut off"]:
        assert server.ranges == [None, None, f"bytes={len(AUDIO) // 2}-"]


@pytest.mark.parametrize("has_ranges", [True, False])
def test_what_an_earlier_run_left_is_continued(server: Server, tmp_path: Path, has_ranges: bool) -> None:
    server.has_ranges = has_ranges
    folder = tmp_path / "root/archives"
    folder.mkdir(parents=True)
    (folder / "audio.zip.part").write_bytes(AUDIO[:1_000_000])
    (folder / "lists.zip.part").write_bytes(LISTS)  # complete, but not known to be
    fetch(server.remotes(), tmp_path / "root", strip="set/")
    check_whole(tmp_path / "root")
    assert server.ranges == [f"bytes={len(LISTS)}-", "bytes=1000000-"]


def test_archives_put_there_by_hand_are_used(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "root/archives"
    folder.mkdir(parents=True)
    (folder / "audio.zip").write_bytes(AUDIO)
    fetch(server.remotes(), tmp_path / "root", strip="set/")
    check_whole(tmp_path / "root")
    assert len(server.ranges) == 1


def test_another_content_is_refused_and_forgotten(server: Server, tmp_path: Path) -> None:
    server.files["/audio.zip"] = AUDIO[:-1] + b"?"
    with pytest.raises(DataError, match="MD5") as caught:
        fetch(server.remotes(), tmp_path / "root", strip="set/")
    assert "audio.zip" in str(caught.value)
    found = {name for name in tree(tmp_path / "root") if not name.endswith(".lock")}
    assert found == {"meta.csv", "archives/lists.zip.unpacked"}
    server.files["/audio.zip"] = AUDIO
    fetch(server.remotes(), tmp_path / "root", strip="set/")
    check_whole(tmp_path / "root")


def test_a_part_of_something_else_does_no_lasting_harm(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "root/archives"
    folder.mkdir(parents=True)
    (folder / "audio.zip.part").write_bytes(bytes(1000))
    with pytest.raises(DataError, match="MD5"):
        fetch(server.remotes(), tmp_path / "root", strip="set/")
    fetch(server.remotes(), tmp_path / "root", strip="set/")
    check_whole(tmp_path / "root")


@pytest.mark.parametrize(
    ("tricks", "has_ranges", "message"),
    [
        (["404"], True, "HTTP 404"),
        (["403"], True, "HTTP 403"),
        (["503"] * 9, True, "HTTP 503"),
        (["file:///etc/passwd"], True, "cannot be downloaded"),
        (["ftp://127.0.0.1/x"] * 9, True, "unknown url type"),
        (["", *["cut off"] * 9], False, r"ended after \d+ of \d+ bytes; \d+ bytes are kept in .*audio.zip.part"),
    ],
)
def test_troubles_that_stay(server: Server, tmp_path: Path, tricks: list[str], has_ranges: bool, message: str) -> None:
    server.tricks, server.has_ranges = tricks, has_ranges
    with pytest.raises(DataError, match=message) as caught:
        fetch(server.remotes(), tmp_path / "root", strip="set/")
    assert "http://127.0.0.1" in str(caught.value)
    server.tricks, server.has_ranges = [], True
    fetch(server.remotes(), tmp_path / "root", strip="set/")
    check_whole(tmp_path / "root")


def test_no_server_at_all(server: Server, tmp_path: Path) -> None:
    remotes = [Remote(name="x.zip", url="http://127.0.0.1:1/x.zip", md5="")]
    with pytest.raises(DataError, match="refused"):
        fetch(remotes, tmp_path / "root")
    for url in ("file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x"):
        with pytest.raises(DataError, match="unknown url type"):
            fetch([Remote(name="x.zip", url=url, md5="")], tmp_path / "root")


def test_a_full_disk_is_told_before_it_is_full(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 10}))
    with pytest.raises(AscError, match=rf"needs {len(LISTS)} bytes more, 10 are free"):
        fetch(server.remotes(), tmp_path / "root")


def test_a_folder_that_cannot_be_written(server: Server, tmp_path: Path) -> None:
    (tmp_path / "root").write_text("in the way")
    with pytest.raises(AscError, match="cannot write"):
        fetch(server.remotes(), tmp_path / "root")


def test_two_at_once_do_not_spoil_each_others_part(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "root/archives"
    folder.mkdir(parents=True)
    with lock(folder / ".lists.zip.lock"), pytest.raises(AscError, match="another process"):
        fetch(server.remotes(), tmp_path / "root", strip="set/")
    fetch(server.remotes(), tmp_path / "root", strip="set/")
    check_whole(tmp_path / "root")


@pytest.mark.parametrize(
    ("name", "module"),
    [("tau2019", "tau2019uas"), ("tau2020", "tau2020uas_mobile"), ("tau2022", "tau2022uas_mobile")],
)
def test_addresses_and_sums_are_soundatas(name: str, module: str) -> None:
    theirs = importlib.import_module(f"soundata.datasets.{module}").REMOTES
    expected = {(r.filename, r.url, r.checksum) for key, r in theirs.items() if key.startswith("development")}
    assert {(remote.name, remote.url, remote.md5) for remote in RELEASES[name].remotes} == expected
    assert RELEASES[name].remotes[0].name.endswith("meta.zip")


@pytest.mark.parametrize("name", RELEASES)
def test_the_licence_says_what_matters(name: str) -> None:
    licence = RELEASES[name].licence
    for words in ("non-commercial", "Tampere University", RELEASES[name].page, "doc.zip"):
        assert words in licence
