"""Keep freed memory in the process: on the CPU large activations cost more to map anew than to compute."""

import ctypes
import sys

# Parameters of glibc's mallopt(3).
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_LARGEST_FROM_HEAP, _NEVER_TRIM = 2**30, 2**31 - 1


def keep_freed_memory() -> bool:
    """Tell glibc to serve tensors of up to 1 GiB from its heap and not to give the heap back; return whether it agreed.

    By default every tensor over 32 MiB is mapped when made and unmapped when freed, and the kernel clears its pages
    each time: with it a step of W=64 on 16 clips of 10 s takes 0.6 of the time (docs/benchmarks.md). Other C libraries
    are left as they are.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return bool(mallopt(_MMAP_THRESHOLD, _LARGEST_FROM_HEAP) and mallopt(_TRIM_THRESHOLD, _NEVER_TRIM))
