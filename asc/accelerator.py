"""The accelerator of a process: which one, in which precision, and how it is set up."""

import os
from typing import get_args

import torch

from asc.allocator import keep_freed_memory
from asc.training_settings import Precision
from common.errors import ConfigError


def choose_accelerator(wanted: str) -> str:
    """Turn `auto` into `cuda` where there is a GPU, else `cpu`.

    Raises
    ------
    ConfigError
        If `cuda` is asked for and there is none.
    """
    if wanted == "cuda" and not torch.cuda.is_available():
        raise ConfigError("accelerator", wanted, "PyTorch finds no GPU here; cpu, or auto")
    return ("cuda" if torch.cuda.is_available() else "cpu") if wanted == "auto" else wanted


def resolve_precision(wanted: str, accelerator: str) -> Precision:
    """Turn `auto` into bfloat16 where the hardware multiplies it natively, else 32 bit.

    A CPU counts as native where PyTorch uses AVX-512 with bfloat16 instructions, or AMX; ATEN_CPU_CAPABILITY may keep
    it from them.

    Parameters
    ----------
    wanted
        `auto` or a precision, which is returned as it is.
    accelerator
        `cpu` or `cuda`.

    Raises
    ------
    ConfigError
        If `wanted` is neither.
    """
    if wanted in get_args(Precision):
        return wanted  # type: ignore[return-value]
    if wanted != "auto":
        raise ConfigError("precision", wanted, f"auto or one of {', '.join(get_args(Precision))}")
    if accelerator == "cuda":
        native = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        capabilities = torch.cpu.get_capabilities()
        wide = torch.backends.cpu.get_cpu_capability().startswith("AVX512")
        native = wide and bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
    return "bf16-mixed" if native else "32-true"


def set_up(accelerator: str) -> None:
    """Prepare this process to compute on `cpu` or `cuda`, before a network is built there.

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
