"""Published image sets come out of their files as they went in, or with an error that names the file."""

import gzip
import io
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from torchvision.datasets import CIFAR10, CIFAR100, MNIST, SVHN, FashionMNIST

from common.errors import ConfigError, DataError
from data_prep.images.published import PUBLISHED, TINY_IMAGENET
from data_prep.images.sets import ImageSetName, LabelledSet, Part, load_images, teacher_set
from data_prep.images.teacher import TeacherSettings, teacher_data
from data_prep.remotes import Remote
from tests.data_prep.test_download import Server
from tests.tiny_images import encoded, md5, published_as, random_examples, write_tiny_images
from tests.tiny_sets import tree

NAMES: tuple[ImageSetName, ...] = ("mnist", "fashion-mnist", "cifar10", "cifar100", "svhn")
AS_THEY_ARE: tuple[ImageSetName, ...] = ("mnist", "fashion-mnist", "svhn")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("inner", "packed"), [(True, False), (False, True)])
def test_every_layout(
    name: ImageSetName, inner: bool, packed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = write_tiny_images(name, tmp_path, monkeypatch, inner=inner, packed=packed)
    found = load_images(name, tmp_path)
    for part, (images, labels) in zip((found.train, found.test), expected, strict=True):
        inputs = part.inputs[np.arange(len(images))]
        assert inputs.dtype == np.uint8
        assert part.labels.dtype == np.int64
        assert_array_equal(inputs, images)
        assert_array_equal(part.labels, labels)
        assert part.inputs.flags.writeable  # type: ignore[attr-defined]
    assert (found.name, found.validation) == (name, None)
    assert found.classes == PUBLISHED[name].classes


def test_identity_is_what_is_in_it() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (9, 3, 4, 4)).astype(np.uint8), np.arange(9) % 3
    other = x.copy()
    other[8, 2, 3, 3] ^= 1
    classes = ("a", "b", "c")
    sets = [
        LabelledSet.of("s", classes, Part(x, y), Part(x[:5], y[:5])),
        LabelledSet.of("s", classes, Part(x.copy(order="F"), y), Part(x[:5], y[:5])),
        LabelledSet.of("s", classes, Part(other, y), Part(x[:5], y[:5])),
        LabelledSet.of("s", classes, Part(x, y[::-1]), Part(x[:5], y[:5])),
        LabelledSet.of("s", classes, Part(x[:5], y[:5]), Part(x, y)),
        LabelledSet.of("s", classes, Part(x, y), Part(x[:4], y[:4]), Part(x[4:5], y[4:5])),
        LabelledSet.of("s", ("a", "b", "d"), Part(x, y), Part(x[:5], y[:5])),
    ]
    identities = [each.identity for each in sets]
    assert identities[0] == identities[1]
    assert len(set(identities)) == len(sets) - 1


@pytest.mark.parametrize(
    ("inputs", "labels", "message"),
    [
        (np.zeros((4, 3)), np.zeros(3, int), "4 inputs have 3 labels"),
        (np.zeros((0, 3)), np.zeros(0, int), "0 inputs"),
        (np.zeros((4, 2)), np.zeros(4, int), r"\(2,\), training inputs \(3,\)"),
        (np.zeros((4, 3)), np.array([0, 1, 2, 0]), "labels are 0 to 2, of 2 classes"),
        (np.zeros((4, 3)), np.array([0, 1, -1, 0]), "labels are -1 to 1"),
    ],
)
def test_parts_that_do_not_fit(inputs: np.ndarray, labels: np.ndarray, message: str) -> None:
    train = Part(np.zeros((4, 3)), np.zeros(4, int))
    with pytest.raises(DataError, match=message):
        LabelledSet.of("s", ("a", "b"), train, Part(inputs, labels))


def shorter(content: bytes) -> bytes:
    return content[:-1]


def longer(content: bytes) -> bytes:
    return content + b"\0"


def flipped(content: bytes) -> bytes:
    return content[:2] + bytes([content[2] ^ 1]) + content[3:]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("damage", "packed", "message"),
    [
        (shorter, False, "not the published file: it holds .* bytes"),
        (longer, False, "it holds more bytes"),
        (flipped, False, "its MD5 is"),
        (shorter, True, "cannot be read"),
        (flipped, True, "cannot be read"),
    ],
)
def test_damage_is_told_with_the_file(
    name: ImageSetName,
    damage: Callable[[bytes], bytes],
    packed: bool,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_tiny_images(name, tmp_path, monkeypatch, packed=packed)
    path = sorted(file for file in tmp_path.rglob("*") if file.is_file())[0]
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DataError, match=message) as caught:
        load_images(name, tmp_path)
    assert str(path) in str(caught.value)
    assert "download it again" in str(caught.value)


def test_files_of_two_sets_mixed_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tiny_images("mnist", tmp_path / "a", monkeypatch, inner=False)
    write_tiny_images("fashion-mnist", tmp_path / "b", monkeypatch, inner=False)
    (tmp_path / "b/t10k-labels-idx1-ubyte").rename(tmp_path / "a/t10k-labels-idx1-ubyte")
    with pytest.raises(DataError, match=r"t10k-labels-idx1-ubyte is not the published file: its MD5"):
        load_images("mnist", tmp_path / "a")


@pytest.mark.parametrize("name", NAMES)
def test_what_is_missing_is_named(name: ImageSetName, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tiny_images(name, tmp_path, monkeypatch)
    last = PUBLISHED[name].files[-1].name
    (tmp_path / PUBLISHED[name].folder / last).unlink()
    with pytest.raises(DataError, match=rf"^{last} not found in .*--download"):
        load_images(name, tmp_path)
    with pytest.raises(DataError, match=PUBLISHED[name].files[0].name):
        load_images(name, tmp_path / "nowhere")


def test_no_such_set(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="fashion-mnist, cifar10"):
        load_images("kmnist", tmp_path)  # type: ignore[arg-type]


def serve(server: Server, name: ImageSetName, files: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    """Publish `files` as the set `name` on the server, packed as the true ones are."""
    published = published_as(PUBLISHED[name], files)
    if name in AS_THEY_ARE:
        payloads = [gzip.compress(content) if name != "svhn" else content for content in files]
    else:
        payloads = [tar({f"{published.folder}/{f.name}": c for f, c in zip(published.files, files, strict=True)})]
    remotes = []
    for remote, payload in zip(published.remotes, payloads, strict=True):
        server.files[f"/{remote.name}"] = payload
        url = f"http://127.0.0.1:{server.server_port}/{remote.name}"
        remotes.append(Remote(name=remote.name, url=url, md5=md5(payload)))
    monkeypatch.setitem(PUBLISHED, name, replace(published, remotes=tuple(remotes)))


def tar(members: dict[str, bytes]) -> bytes:
    """Return a hostile archive: beside the members, it holds what leads out of its folder."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, content in {"../evil": b"x", "/tmp/evil-of-a-test": b"x", **members}.items():  # noqa: S108
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        link = tarfile.TarInfo(f"{next(iter(members)).split('/')[0]}/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return file.getvalue()


@pytest.mark.parametrize("name", NAMES)
def test_sets_are_fetched_once_in_torchvisions_layout(
    name: ImageSetName, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train, test = random_examples(name)
    serve(server, name, encoded(name, train, test), monkeypatch)
    found = load_images(name, tmp_path / "root", download=True)
    assert_array_equal(found.train.inputs[np.arange(len(train[0]))], train[0])
    assert_array_equal(found.test.labels, test[1])
    suffix = ".gz" if name.endswith("mnist") else ""
    names = {str(Path(PUBLISHED[name].folder, file.name + suffix)) for file in PUBLISHED[name].files}
    assert set(tree(tmp_path)) == {f"root/{name}" for name in names}
    asked = len(server.ranges)
    assert load_images(name, tmp_path / "root", download=True).identity == found.identity
    assert len(server.ranges) == asked
    assert not Path("/tmp/evil-of-a-test").exists()  # noqa: S108


def test_only_what_is_missing_is_fetched(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what is there stays, however it is packed."""
    files = encoded("mnist", *random_examples("mnist"))
    serve(server, "mnist", files, monkeypatch)
    home = tmp_path / "MNIST/raw"
    home.mkdir(parents=True)
    (home / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(files[0], 1))
    (home / "train-labels-idx1-ubyte").write_bytes(files[1])
    before = tree(home)
    load_images("mnist", tmp_path, download=True)
    assert len(server.ranges) == 2
    assert before.items() <= tree(home).items()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda payload: payload[: len(payload) // 2], "is damaged"),
        (lambda payload: b"no archive", "is damaged"),
        (lambda payload: tar({"other/train.bin": b""}), "does not hold cifar-100-binary/train.bin"),
    ],
)
def test_archives_that_are_not_what_they_should_be(
    spoil: Callable[[bytes], bytes], message: str, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(server, "cifar100", encoded("cifar100", *random_examples("cifar100")), monkeypatch)
    (remote,) = PUBLISHED["cifar100"].remotes
    payload = server.files[f"/{remote.name}"] = spoil(server.files[f"/{remote.name}"])
    spoiled = replace(PUBLISHED["cifar100"], remotes=(replace(remote, md5=md5(payload)),))
    monkeypatch.setitem(PUBLISHED, "cifar100", spoiled)
    with pytest.raises(DataError, match=message):
        load_images("cifar100", tmp_path, download=True)


def test_sums_and_addresses_are_torchvisions() -> None:
    for name, theirs in (("mnist", MNIST), ("fashion-mnist", FashionMNIST)):
        expected = {(file, theirs.mirrors[0] + file, total) for file, total in theirs.resources}
        assert {(remote.name, remote.url, remote.md5) for remote in PUBLISHED[name].remotes} == expected
        assert PUBLISHED[name].folder == f"{theirs.__name__}/raw"
    assert PUBLISHED["fashion-mnist"].classes == tuple(FashionMNIST.classes)
    svhn = [SVHN.split_list[part] for part in ("train", "test")]
    assert [[remote.url, remote.name, remote.md5] for remote in PUBLISHED["svhn"].remotes] == svhn
    assert [file.md5 for file in PUBLISHED["svhn"].files] == [total for *_, total in svhn]
    for name, theirs in (("cifar10", CIFAR10), ("cifar100", CIFAR100)):
        (remote,) = PUBLISHED[name].remotes
        assert remote.url == theirs.url.replace("python", "binary")
        assert len(remote.md5) == len(TINY_IMAGENET.md5) == 32


def test_class_names_are_as_many_as_there_are_classes() -> None:
    assert {name: len(set(PUBLISHED[name].classes)) for name in NAMES} == dict.fromkeys(NAMES, 10) | {"cifar100": 100}
    assert list(PUBLISHED["cifar100"].classes) == sorted(PUBLISHED["cifar100"].classes)


def test_a_teachers_set() -> None:
    settings = TeacherSettings(inputs=6, train=50, validation=20, test=30)
    found = teacher_set(settings)
    assert found.validation is not None
    parts = {"train": found.train, "validation": found.validation, "test": found.test}
    for name, (inputs, labels) in teacher_data(settings).items():
        assert_array_equal(parts[name].inputs[np.arange(len(inputs))], inputs)
        assert_array_equal(parts[name].labels, labels)
    assert found.classes == ("0", "1")
    assert found.identity != teacher_set(replace(settings, seed=1)).identity


def check_statistics(found: LabelledSet, mean: list[float], deviation: list[float]) -> None:
    """Compare with the published mean and deviation of each channel, given to four digits."""
    images = found.train.inputs[np.arange(len(found.train.inputs))]
    assert_array_equal((images.mean(axis=(0, 2, 3)) / 255).round(4), mean)
    assert_array_equal((images.std(axis=(0, 2, 3)) / 255).round(4), deviation)
    assert len(np.unique(found.train.labels)) == len(np.unique(found.test.labels)) == len(found.classes) == 10


def test_real_mnist(real_data: Path) -> None:
    found = load_images("mnist", real_data / "data/mnist")
    assert found.train.inputs.shape == (60_000, 1, 28, 28)
    assert found.test.inputs.shape == (10_000, 1, 28, 28)
    check_statistics(found, [0.1307], [0.3081])
    assert found.train.labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert np.bincount(found.test.labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_real_fashion_mnist(fashion_folder: Path) -> None:
    found = load_images("fashion-mnist", fashion_folder)
    check_statistics(found, [0.2860], [0.3530])
    assert np.bincount(found.train.labels).tolist() == [6_000] * 10


def test_real_cifar10(cifar10_folder: Path) -> None:
    found = load_images("cifar10", cifar10_folder)
    assert found.test.inputs.shape == (10_000, 3, 32, 32)
    check_statistics(found, [0.4914, 0.4822, 0.4465], [0.2470, 0.2435, 0.2616])
    assert np.bincount(found.train.labels).tolist() == [5_000] * 10
    assert [found.classes[label] for label in found.train.labels[:4]] == ["frog", "truck", "truck", "deer"]
