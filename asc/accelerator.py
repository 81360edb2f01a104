"""What a process computes with on each kind of accelerator; called once before a network is built there."""

import os

import torch

from asc.allocator import keep_freed_memory


def set_up(accelerator: str) -> None:
    """Prepare this process to compute on `cpu` or `cuda`.

    On a GPU `float32` is IEEE float32: by default cuDNN multiplies it as TF32, which has bfloat16's rounding errors
    within a factor of eight and would make `32-true` a name for two things. Operations are deterministic where torch
    has a deterministic form (it warns where it has none), so that a continued run ends in the weights of an
    uninterrupted one. Torch then also fills every new tensor before it is written, which only helps to find errors in
    operations and is turned off.
    """
    if accelerator == "cpu":
        keep_freed_memory()
        return
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read when cuBLAS is first used
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.backends.cudnn.benchmark = False  # which algorithm is fastest differs from process to process
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
