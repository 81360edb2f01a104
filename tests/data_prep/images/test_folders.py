"""Images in folders of classes: decoded as torchvision does it, or refused with the file's name."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image
from torchvision.transforms.v2 import functional

from common.errors import DataError
from data_prep.images import folders
from data_prep.images.folders import ImageFiles
from data_prep.images.sets import load_images
from data_prep.remotes import Remote
from tests.data_prep.test_download import Server
from tests.tiny_images import md5, write_picture

CLASSES = ("n01443537", "n01629819", "n02058221")


@pytest.mark.parametrize(
    ("width", "height", "mode", "kind"),
    [
        (300, 300, "RGB", "JPEG"),
        (500, 375, "RGB", "JPEG"),
        (333, 517, "L", "JPEG"),
        (261, 256, "CMYK", "JPEG"),
        (120, 99, "RGB", "PNG"),
        (257, 400, "RGBA", "PNG"),
        (256, 256, "P", "PNG"),
    ],
)
def test_squares_are_torchvisions(width: int, height: int, mode: str, kind: str, tmp_path: Path) -> None:
    picture = write_picture(tmp_path / "a.JPEG", width, height, mode, kind)
    found = ImageFiles(tmp_path, ("a.JPEG",), 256)[np.array([0])]
    expected = functional.center_crop(functional.resize(picture, [256]), [256])
    assert_array_equal(found[0].transpose(1, 2, 0), np.asarray(expected))


def test_rows_come_in_the_order_asked_for(tmp_path: Path) -> None:
    names = tuple(f"{number}.JPEG" for number in range(12))
    pictures = [write_picture(tmp_path / name, 32 + number, 32) for number, name in enumerate(names)]
    files = ImageFiles(tmp_path, names, 32)
    assert (len(files), files.shape) == (12, (12, 3, 32, 32))
    rows = np.array([7, 0, 11, 7])
    for image, row in zip(files[rows], rows, strict=True):
        assert_array_equal(image.transpose(1, 2, 0), np.asarray(functional.center_crop(pictures[row], [32])))
    assert files[rows[:0]].shape == (0, 3, 32, 32)


@pytest.mark.parametrize("content", [b"", b"no image", b"GIF89a", None])
def test_what_is_no_image_is_named(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "a.JPEG"
    write_picture(path, 64, 64)
    path.write_bytes(path.read_bytes()[:400] if content is None else content)
    with pytest.raises(DataError, match="cannot be decoded") as caught:
        ImageFiles(tmp_path, ("a.JPEG",), 64)[np.array([0])]
    assert str(path) in str(caught.value)


def write_imagenet(root: Path) -> None:
    for part, each in (("train", 3), ("val", 2)):
        for number, name in enumerate(CLASSES):
            for image in range(each + number):
                write_picture(root / part / name / f"{name}_{image}.JPEG", 300 + image, 280 + number)


def write_tiny_imagenet(root: Path) -> None:
    root.mkdir(parents=True)
    (root / "wnids.txt").write_text("".join(f"{name}\n" for name in reversed(CLASSES)))
    for name in CLASSES:
        for image in range(3):
            write_picture(root / "train" / name / "images" / f"{name}_{image}.JPEG", 64, 64, "L" if image else "RGB")
    lines = []
    for image in range(6):
        write_picture(root / "val/images" / f"val_{image}.JPEG", 64, 64)
        lines.append(f"val_{image}.JPEG\t{CLASSES[image % 2]}\t0\t32\t44\t62\n")
    (root / "val/val_annotations.txt").write_text("".join(lines))


def test_imagenet_is_read_when_asked_for(tmp_path: Path) -> None:
    write_imagenet(tmp_path)
    found = load_images("imagenet", tmp_path)
    assert found.classes == CLASSES
    assert found.train.inputs.shape == (12, 3, 256, 256)
    assert found.train.labels.tolist() == 3 * [0] + 4 * [1] + 5 * [2]
    assert found.test.labels.tolist() == 2 * [0] + 3 * [1] + 4 * [2]
    with Image.open(tmp_path / "val" / CLASSES[1] / f"{CLASSES[1]}_2.JPEG") as picture:
        expected = functional.center_crop(functional.resize(picture, [256]), [256])
    assert_array_equal(found.test.inputs[np.array([4])][0].transpose(1, 2, 0), np.asarray(expected))
    (tmp_path / "train" / CLASSES[2] / f"{CLASSES[2]}_9.JPEG").write_bytes(b"not looked at yet")
    assert load_images("imagenet", tmp_path).identity != found.identity


def test_imagenet_that_is_not_whole(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"image-net\.org"):
        load_images("imagenet", tmp_path, download=True)
    write_imagenet(tmp_path)
    (tmp_path / "val" / CLASSES[0]).rename(tmp_path / "elsewhere")
    with pytest.raises(DataError, match=f"val/{CLASSES[0]} holds no images"):
        load_images("imagenet", tmp_path)


@pytest.mark.parametrize("inner", ["", "tiny-imagenet-200"])
def test_tiny_imagenet(inner: str, tmp_path: Path) -> None:
    write_tiny_imagenet(tmp_path / "root" / inner)
    found = load_images("tiny-imagenet", tmp_path / "root")
    assert found.classes == CLASSES
    assert found.train.labels.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert found.test.labels.tolist() == [0, 1, 0, 1, 0, 1]
    assert isinstance(found.train.inputs, np.ndarray)
    path = tmp_path / "root" / inner / "train" / CLASSES[1] / "images" / f"{CLASSES[1]}_0.JPEG"
    with Image.open(path) as picture:
        assert_array_equal(found.train.inputs[3].transpose(1, 2, 0), np.asarray(picture))


def test_tiny_imagenet_is_fetched_and_what_was_cut_off_completed(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tiny_imagenet(tmp_path / "tiny-imagenet-200")
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for path in sorted((tmp_path / "tiny-imagenet-200").rglob("*.*")):
            archive.write(path, path.relative_to(tmp_path))
    server.files["/tiny-imagenet-200.zip"] = file.getvalue()
    url = f"http://127.0.0.1:{server.server_port}/tiny-imagenet-200.zip"
    remote = Remote(name="tiny-imagenet-200.zip", url=url, md5=md5(file.getvalue()))
    monkeypatch.setattr(folders, "TINY_IMAGENET", remote)
    expected = load_images("tiny-imagenet", tmp_path, download=True)
    assert not server.ranges  # all was there
    (tmp_path / "tiny-imagenet-200/val/images/val_3.JPEG").unlink()
    assert load_images("tiny-imagenet", tmp_path, download=True).identity == expected.identity
    assert load_images("tiny-imagenet", tmp_path / "new", download=True).identity == expected.identity


@pytest.mark.parametrize(
    ("gone", "message"),
    [
        ("wnids.txt", "is not Tiny ImageNet: .*wnids.txt"),
        ("val/val_annotations.txt", "val_annotations.txt"),
        (f"train/{CLASSES[2]}/images", f"{CLASSES[2]}/images holds no images"),
        (f"train/{CLASSES[2]}/images/{CLASSES[2]}_1.JPEG", "equally many images of each class"),
        ("val/images/val_4.JPEG", "lacks val_4.JPEG"),
    ],
)
def test_tiny_imagenet_that_is_not_whole(gone: str, message: str, tmp_path: Path) -> None:
    write_tiny_imagenet(tmp_path / "root")
    (tmp_path / "root" / gone).rename(tmp_path / "elsewhere")
    with pytest.raises(DataError, match=message):
        load_images("tiny-imagenet", tmp_path / "root")


def test_tiny_imagenet_with_a_class_that_nobody_knows(tmp_path: Path) -> None:
    write_tiny_imagenet(tmp_path / "root")
    path = tmp_path / "root/val/val_annotations.txt"
    path.write_text(path.read_text().replace(CLASSES[0], "n00000000", 1))
    with pytest.raises(DataError, match=r"val_0\.JPEG, or there is no class n00000000"):
        load_images("tiny-imagenet", tmp_path / "root")
