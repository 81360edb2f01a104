"""Ray executor: runs on a cluster of this machine, or of several machines."""

import os
import secrets
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from types import ModuleType
from typing import Any

import torch

from asc.run_folder import Described
from common.errors import ConfigError, RunError

# Number of times that a run may lose its worker (killed, out of memory, machine lost) before it counts as failed.
MAX_RETRIES = 10
# Runs write to their folders; Ray's object store is not used for results.
_OBJECT_STORE_BYTES = 80 * 2**20


@contextmanager
def on_ray(
    attempt: Callable[[Described], str],
    accelerator: str,
    address: str | None = None,
    *,
    runs_per_gpu: int = 1,
    cpus_per_run: int = 1,
) -> Iterator[Callable[[Sequence[Described]], Iterator[tuple[Described, str]]]]:
    """Connect to Ray, yield a function that attempts runs, and disconnect from (or stop) the cluster.

    The function yields each run when its attempt has ended, with the reason of failure ("" if none). A run whose worker
    is lost is attempted again and continues from its last checkpoint.

    Token authentication is on unless `RAY_AUTH_MODE=disabled` is set. A cluster started here uses a random token, held
    in memory only; for a cluster at `address` the token comes from `RAY_AUTH_TOKEN`, `RAY_AUTH_TOKEN_PATH` or Ray's
    default file. Tokens authenticate but do not encrypt: keep clusters in private networks. A cluster started here has
    no dashboard and sends no usage statistics.

    Parameters
    ----------
    attempt
        Picklable function, called with one description in a worker process.
    accelerator
        `cpu` or `cuda`.
    address
        `host:port` of a running cluster, whose machines have the project installed; None: start a cluster here.
    runs_per_gpu
        Number of runs that share a GPU. Their memory must fit together.
    cpus_per_run
        Number of cores of each run; on the CPU also its number of threads.

    Raises
    ------
    ConfigError
        If a number is below 1.
    RunError
        If Ray is not installed or not reachable, or no machine of the cluster has the resources of a run.
    """
    for field, value in (("runs_per_gpu", runs_per_gpu), ("cpus_per_run", cpus_per_run)):
        if value < 1:
            raise ConfigError(field, value, "a whole number of at least 1")
    resources = {"num_cpus": float(cpus_per_run), "num_gpus": 1 / runs_per_gpu if accelerator == "cuda" else 0.0}
    ray = _import_ray()
    with redirect_stdout(sys.stderr):  # Ray reports lost workers on standard output, which is for results
        try:
            with _own_interruption():
                _connect(ray, address)
            _check_room(ray, resources)
            task = ray.remote(_work).options(**resources, max_retries=MAX_RETRIES)

            def attempts(waiting: Sequence[Described]) -> Iterator[tuple[Described, str]]:
                yield from _gather(ray, {task.remote(attempt, run, cpus_per_run): run for run in waiting})

            yield attempts
        finally:
            ray.shutdown()


def _import_ray() -> ModuleType:
    """Import Ray with authentication on and usage statistics off, settings that it reads at import."""
    os.environ.setdefault("RAY_AUTH_MODE", "token")
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    # The default of later versions, about which this version warns: GPUs stay visible to runs that request none.
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ImportError as error:
        raise RunError(
            "Ray is not installed; `pip install ray==2.60.0` (the extra `ray`), or use the local executor"
        ) from error
    return ray


@contextmanager
def _own_interruption() -> Iterator[None]:
    """Restore the SIGTERM handler that Ray replaces, so that commands clean up and end with their exit code."""
    handler = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, handler)


def _connect(ray: ModuleType, address: str | None) -> None:
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    try:
        if address:
            ray.init(address=address, **quiet)
        else:
            os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
            ray.init(address="local", include_dashboard=False, object_store_memory=_OBJECT_STORE_BYTES, **quiet)
    except (ConnectionError, RuntimeError, ValueError, OSError, ray.exceptions.RayError) as error:
        where = f"reach the Ray cluster at {address}" if address else "start Ray on this machine"
        raise RunError(
            f"cannot {where}: {_first_line(error)} (a cluster's token goes into RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH; "
            "RAY_AUTH_MODE=disabled is for clusters without one)"
        ) from error


def _check_room(ray: ModuleType, resources: dict[str, float]) -> None:
    """Check that a machine has the resources of a run, as Ray would wait for them forever."""
    machines = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    wanted = {"CPU": resources["num_cpus"], "GPU": resources["num_gpus"]}
    if not any(all(have.get(name, 0.0) >= needed for name, needed in wanted.items()) for have in machines):
        have = "; ".join(f"{one.get('CPU', 0):g} CPUs and {one.get('GPU', 0):g} GPUs" for one in machines)
        raise RunError(f"a run asks for {wanted['CPU']:g} CPUs and {wanted['GPU']:g} GPUs; Ray's machines have {have}")


def _work(attempt: Callable[[Described], str], description: Described, threads: int) -> str:
    """Attempt one run in a worker process, which Ray may reuse."""
    torch.set_num_threads(threads)
    return attempt(description)


def _gather(ray: ModuleType, pending: dict[Any, Described]) -> Iterator[tuple[Described, str]]:
    """Yield runs as their attempts end."""
    while pending:
        # Waiting in Ray would suppress exceptions raised by the signal handlers of commands.
        ready, _ = ray.wait(list(pending), num_returns=1, timeout=0)
        if not ready:
            time.sleep(0.2)
            continue
        reference = ready[0]
        description = pending.pop(reference)
        try:
            report: str = ray.get(reference)
        except ray.exceptions.RayError as error:
            cause = getattr(error, "cause", None) or error  # the error raised in the worker, if the worker was not lost
            report = f"Ray gave it up ({type(cause).__name__}: {_first_line(cause)})"
        yield description, report


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
