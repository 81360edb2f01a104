"""Array files (.npy) that are whole or absent when written, and exactly what was declared when opened."""

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
    """Write the C-contiguous `array` as .npy, whole or not at all, and return the file's SHA-256.

    numpy's own writer reports a full disk without an error number; hence header and data are written here.

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
    """Memory-map the .npy file `path`, which must hold exactly `shape` elements of `dtype` in C order.

    The header is compared byte for byte with the one that `write_array` writes, so nothing that a hostile or damaged
    file says about itself is parsed.

    Raises
    ------
    DataError
        If the file is missing, shorter or longer than declared, or of another type or shape.
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
