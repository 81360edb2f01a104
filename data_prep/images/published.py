"""Files, checksums and addresses of published image sets.

Folders, addresses and checksums are those of torchvision (a test compares them), except for CIFAR, whose binary version
is used instead of the pickled one. `md5` is the checksum of an uncompressed file, so that files may be stored with or
without compression. The checksums of CIFAR-10 were computed from files with the published SHA-1. For CIFAR-100, only
the checksum of the archive is known.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from data_prep.images.formats import Examples, cifar10, cifar100, digits, svhn
from data_prep.remotes import Remote


@dataclass(frozen=True, kw_only=True)
class PublishedFile:
    """A file of an image set: name, size in bytes, and MD5 sum ("" if it is not known)."""

    name: str
    size: int
    md5: str = ""


@dataclass(frozen=True, kw_only=True)
class PublishedSet:
    """A published image set.

    Attributes
    ----------
    folder
        Folder of its files inside torchvision's root folder.
    files
        Files, in the order of the arguments of `decode`.
    decode
        Function from the contents of the files to training and test examples.
    classes
        Names of the classes in the order of the labels.
    remotes
        Files to download: the same files, with or without `.gz`, or one archive that contains `folder`.
    """

    folder: str
    files: tuple[PublishedFile, ...]
    decode: Callable[[Sequence[bytes]], tuple[Examples, Examples]]
    classes: tuple[str, ...]
    remotes: tuple[Remote, ...]


def _remotes(base: str, sums: dict[str, str]) -> tuple[Remote, ...]:
    return tuple(Remote(name=name, url=base + name, md5=md5) for name, md5 in sums.items())


_FIGURES = tuple("0123456789")
_IDX_SIZES = {
    "train-images-idx3-ubyte": 47_040_016,
    "train-labels-idx1-ubyte": 60_008,
    "t10k-images-idx3-ubyte": 7_840_016,
    "t10k-labels-idx1-ubyte": 10_008,
}


def _digits(
    folder: str, base: str, classes: tuple[str, ...], sums: Sequence[str], packed: Sequence[str]
) -> PublishedSet:
    named = zip(_IDX_SIZES.items(), sums, strict=True)
    return PublishedSet(
        folder=f"{folder}/raw",
        files=tuple(PublishedFile(name=name, size=size, md5=md5) for (name, size), md5 in named),
        decode=digits,
        classes=classes,
        remotes=_remotes(base, {f"{name}.gz": md5 for name, md5 in zip(_IDX_SIZES, packed, strict=True)}),
    )


_MNIST = _digits(
    "MNIST",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    _FIGURES,
    sums=(
        "6bbc9ace898e44ae57da46a324031adb",
        "a25bea736e30d166cdddb491f175f624",
        "2646ac647ad5339dbf082846283269ea",
        "27ae3e4e09519cfbb04c329615203637",
    ),
    packed=(
        "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "d53e105ee54ea40749a09fcbcd1e9432",
        "9fb629c4189551a2d022fa330f9573f3",
        "ec29112dd5afa0611ce80d1b7f02629c",
    ),
)
_FASHION_MNIST = _digits(
    "FashionMNIST",
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    sums=(
        "f4a8712d7a061bf5bd6d2ca38dc4d50a",
        "9018921c3c673c538a1fc5bad174d6f9",
        "8181f5470baa50b63fa0f6fddb340f0a",
        "15d484375f8d13e6eb1aabb0c3f46965",
    ),
    packed=(
        "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "25c81989df183df01b3e8a0aad5dffbe",
        "bef4ecab320f06d8554ea6380940ec79",
        "bb300cfdad3c16e7a12a480ee83cd310",
    ),
)
_CIFAR = "https://www.cs.toronto.edu/~kriz/"
_CIFAR10_SUMS = {
    "data_batch_1.bin": "5dd7e06a14cb22eb9f671a540d1b7c25",
    "data_batch_2.bin": "5ea93a67294ea407fff1d09f752e9692",
    "data_batch_3.bin": "942cd6a4bcdd0dd3c604fbe906cb4421",
    "data_batch_4.bin": "ae636b3ba5c66a11e91e8cb52e771fcb",
    "data_batch_5.bin": "53f37980c15c3d472c316c40844f3f0d",
    "test_batch.bin": "803d5f7f4d78ea53de84dbe85f74fb6d",
}
_CIFAR10 = PublishedSet(
    folder="cifar-10-batches-bin",
    files=tuple(PublishedFile(name=name, size=30_730_000, md5=md5) for name, md5 in _CIFAR10_SUMS.items()),
    decode=cifar10,
    classes=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
    remotes=_remotes(_CIFAR, {"cifar-10-binary.tar.gz": "c32a1d4ab5d03f1284b67883e8d87530"}),
)
_CIFAR100_CLASSES = """
apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle
caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant flatfish
forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle
mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine
possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake spider squirrel streetcar
sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip turtle wardrobe whale
willow_tree wolf woman worm
"""
_CIFAR100 = PublishedSet(
    folder="cifar-100-binary",
    files=(PublishedFile(name="train.bin", size=153_700_000), PublishedFile(name="test.bin", size=30_740_000)),
    decode=cifar100,
    classes=tuple(_CIFAR100_CLASSES.split()),
    remotes=_remotes(_CIFAR, {"cifar-100-binary.tar.gz": "03b5dce01913d631647c71ecec9e9cb8"}),
)
_SVHN_SUMS = {
    "train_32x32.mat": "e26dedcc434d2e4c54c9b2d4a06d8373",
    "test_32x32.mat": "eb5a983be6a315427106f1b164d9cef3",
}
_SVHN = PublishedSet(
    folder="",
    files=tuple(
        PublishedFile(name=name, size=size, md5=md5)
        for (name, md5), size in zip(_SVHN_SUMS.items(), (182_040_794, 64_275_384), strict=True)
    ),
    decode=svhn,
    classes=_FIGURES,
    remotes=_remotes("http://ufldl.stanford.edu/housenumbers/", _SVHN_SUMS),
)

PUBLISHED = {
    "mnist": _MNIST,
    "fashion-mnist": _FASHION_MNIST,
    "cifar10": _CIFAR10,
    "cifar100": _CIFAR100,
    "svhn": _SVHN,
}
TINY_IMAGENET = Remote(
    name="tiny-imagenet-200.zip",
    url="http://cs231n.stanford.edu/tiny-imagenet-200.zip",
    md5="90528d7ca1a48142e341f4ef8d21d0de",
)
