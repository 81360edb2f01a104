"""Array files (.npy) that are written atomically and checked against a declared type and shape when opened."""

import hashlib
import io
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from common.errors import DataError
from common.files import atomic_path


def _header(dtype: DTypeLike, shape: tuple[int, ...]) -> bytes:
    description = np.lib.format.dtype_to_descr(np.dtype(dtype))
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": description, "fortran_order": False, "shape": shape})
    return file.getvalue()


def write_array(path: Path, array: NDArray[Any]) -> str:
    """Write the C-contiguous `array` atomically as .npy and return the SHA-256 of the file.

    `numpy.save` is not used, because it reports a full disk without an error number.

    Raises
    ------
    AscError
        If the disk is full or the folder cannot be written, naming the file and its size.
    """
    blocks = (_header(array.dtype, array.shape), array.data)
    hasher = hashlib.sha256()
    with atomic_path(path, len(blocks[0]) + array.nbytes) as temporary, temporary.open("wb") as file:
        for block in blocks:
            hasher.update(block)
            file.write(block)
    return hasher.hexdigest()


def open_array(path: Path, dtype: DTypeLike, shape: tuple[int, ...]) -> NDArray[Any]:
    """Memory-map the .npy file `path`, which must hold an array of `dtype` and `shape` in C order.

    The header is compared byte for byte with the one that `write_array` writes, so the header of a damaged or hostile
    file is never parsed.

    Raises
    ------
    DataError
        If the file is missing, has another size, or holds another type or shape.
    """
    header = _header(dtype, shape)
    size = len(header) + math.prod(shape) * np.dtype(dtype).itemsize
    try:
        with path.open("rb") as file:
            found = file.read(len(header))
        actual = path.stat().st_size
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}; prepare the set again") from error
    if found != header:
        raise DataError(f"{path} does not hold {np.dtype(dtype)} of shape {shape}; delete it and prepare the set again")
    if actual != size:
        raise DataError(f"{path} has {actual} bytes instead of {size}; delete it and prepare the set again")
    array: NDArray[Any] = np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
    return array
