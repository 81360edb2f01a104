"""Many runs on Ray: lost workers, lost machines, several nodes, tokens."""

import os
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest

from asc.executor import run_all
from asc.ray_executor import _check_room, on_ray
from asc.run import Run
from common.errors import ConfigError, RunError
from data_prep.storage import PreparedSet
from tests.asc.sweeps import Sweep, seeds_of, trainer
from tests.conftest import ROOT

# Not imported here: Ray reads whether tokens are asked for when it is first loaded.
if find_spec("ray") is None:
    pytest.skip("the extra `ray` is not installed", allow_module_level=True)

TOKEN = "known to this test alone, 0123456789"  # noqa: S105
# A head without cores and two nodes with one each and a GPU in name. A line on standard input takes one node away; the
# input's end, which comes with the test's at the latest, ends everything.
CLUSTER = """
import sys
from ray.cluster_utils import Cluster

cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
try:
    nodes = [cluster.add_node(num_cpus=1, num_gpus=1) for _ in range(2)]
    print(cluster.address, flush=True)
    for line in sys.stdin:
        cluster.remove_node(nodes.pop(), allow_graceful=False)
finally:
    cluster.shutdown()
"""


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    """Authenticate by the test's own token, here and in every process started from here."""
    for name, value in (("MODE", "token"), ("TOKEN", TOKEN)):
        monkeypatch.setenv(f"RAY_AUTH_{name}", value)
    for name, value in (("USAGE_STATS_ENABLED", "0"), ("ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")):
        monkeypatch.setenv(f"RAY_{name}", value)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)


@contextmanager
def cluster_of_two(environment: dict[str, str]) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """Yield the address of a cluster of two working nodes that ask for a token, and the process that holds it."""
    process = subprocess.Popen(
        [sys.executable, "-c", CLUSTER],
        env=os.environ | environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    try:
        yield process.stdout.readline().strip(), process
    finally:
        process.stdin.close()
        try:
            process.wait(timeout=60)
        finally:
            process.kill()


def wait_until_gone(processes: set[int]) -> None:
    deadline = time.monotonic() + 30
    for process in processes:
        with suppress(ProcessLookupError):
            while True:
                os.kill(process, 0)
                assert time.monotonic() < deadline, f"{process} still runs"
                time.sleep(0.05)


def test_ray_that_is_not_installed_is_named(
    prepared: PreparedSet, scene_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(RunError, match=r"pip install ray==") as error:
        run_all(seeds_of(scene_run, 1), trainer(prepared.folder, tmp_path), tmp_path, executor="ray")
    version = str(error.value).partition("ray==")[2].partition("`")[0]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["optional-dependencies"]["ray"] == [f"ray=={version}"]


def test_numbers_that_cannot_be() -> None:
    for field in ("runs_per_gpu", "cpus_per_run"):
        with pytest.raises(ConfigError, match=field), on_ray(lambda _: "", "cpu", **{field: 0}):  # type: ignore[arg-type]
            pass


def test_what_no_machine_can_hold_is_refused() -> None:
    nodes = [
        {"Alive": True, "Resources": {"CPU": 4.0}},
        {"Alive": True, "Resources": {"CPU": 1.0, "GPU": 2.0}},
        {"Alive": False, "Resources": {"CPU": 64.0, "GPU": 8.0}},
    ]
    ray = SimpleNamespace(nodes=lambda: nodes)
    for fits in ({"num_cpus": 4.0, "num_gpus": 0.0}, {"num_cpus": 1.0, "num_gpus": 0.25}):
        _check_room(ray, fits)  # type: ignore[arg-type]
    with pytest.raises(RunError, match=r"asks for 2 CPUs and 1 GPUs.* 4 CPUs and 0 GPUs; 1 CPUs and 2 GPUs"):
        _check_room(ray, {"num_cpus": 2.0, "num_gpus": 1.0})  # type: ignore[arg-type]


def test_what_becomes_of_attempts(
    scene_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without training: reports come back, a lost worker's run is tried again, one that kills every worker is not."""
    monkeypatch.setattr("asc.ray_executor.MAX_RETRIES", 1)

    def attempt(one: Run) -> str:
        import torch

        with (tmp_path / f"seed-{one.seed}").open("a") as file:
            file.write(f"{os.getpid()} {os.getppid()}\n")
        attempts = len((tmp_path / f"seed-{one.seed}").read_text().splitlines())
        if one.seed == 3 or (one.seed == 2 and attempts == 1):
            os.kill(os.getpid(), signal.SIGKILL)
        if one.seed == 1:
            raise OSError("no such disk")
        return f"{attempts} attempts, {torch.get_num_threads()} threads"

    handlers = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    with on_ray(attempt, "cpu", cpus_per_run=2) as attempts:
        assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == handlers
        reports = {one.seed: report for one, report in attempts(seeds_of(scene_run, 4))}
    assert reports[0] == "1 attempts, 2 threads"
    assert reports[1] == "Ray gave it up (OSError: no such disk)"
    assert reports[2] == "2 attempts, 2 threads"
    assert "Ray gave it up (WorkerCrashedError" in reports[3]
    assert not capsys.readouterr().out
    lines = "".join(file.read_text() for file in tmp_path.glob("seed-*"))
    wait_until_gone({int(process) for process in lines.split()})


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_48_runs_of_which_16_are_killed(prepared: PreparedSet, scene_run: Run, tmp_path: Path) -> None:
    many = Sweep(tmp_path, prepared, scene_run, seeds=48)
    for seed in range(0, 48, 3):
        many.kill_half_way(seed, "saved" if seed % 2 else "amid")
    many.finish(many.start(executor="ray"), timeout=800)
    assert sorted(run for run, _ in many.lines("killed")) == sorted(f"seed-{seed}" for seed in range(0, 48, 3))
    many.check()
    log, results = many.log.read_text(), sorted(many.runs.rglob("result.json"))
    written = [result.stat().st_mtime_ns for result in results]
    assert not many.finish(many.start(executor="ray"))
    assert many.log.read_text() == log
    assert [result.stat().st_mtime_ns for result in results] == written


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_two_nodes_that_ask_for_a_token(prepared: PreparedSet, scene_run: Run, tmp_path: Path) -> None:
    both = Sweep(tmp_path, prepared, scene_run, seeds=8)
    with cluster_of_two(both.environment) as (address, _):
        stranger = both.start({"RAY_AUTH_TOKEN": "another"}, executor="ray", ray_address=address)
        try:
            output, errors = stranger.communicate(timeout=120)
        finally:
            stranger.kill()
        assert stranger.returncode == 1, output
        assert errors.splitlines()[-1].startswith(f"error: cannot reach the Ray cluster at {address}"), errors
        assert not both.log.exists()
        both.finish(both.start(executor="ray", ray_address=address), timeout=300)
        both.check()
        assert len(both.workers()) == 2

        def share(_: Run) -> str:
            import ray

            return str(sorted(ray.get_runtime_context().get_assigned_resources().items()))  # type: ignore[no-untyped-call]

        with on_ray(share, "cuda", address, runs_per_gpu=4) as attempts:
            reports = [report for _, report in attempts(seeds_of(scene_run, 2))]
        assert reports == ["[('CPU', 1.0), ('GPU', 0.25)]"] * 2


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_machine_lost_half_way(prepared: PreparedSet, scene_run: Run, tmp_path: Path) -> None:
    broken = Sweep(tmp_path, prepared, scene_run, seeds=6, epochs=30)
    with cluster_of_two(broken.environment) as (address, cluster):
        launch = broken.start(executor="ray", ray_address=address)
        try:
            broken.wait_for(30, launch)
            assert len(broken.workers()) == 2
            assert cluster.stdin
            cluster.stdin.write("lose\n")
            cluster.stdin.flush()
            broken.finish(launch, timeout=200)
        finally:
            launch.kill()
    # An epoch that was trained but not yet saved when the machine went is trained again; none is saved twice.
    broken.check("saved")


@pytest.mark.slow
def test_interrupted_it_ends_with_its_own_exit_code_and_leaves_nothing_running(
    prepared: PreparedSet, scene_run: Run, tmp_path: Path
) -> None:
    long = Sweep(tmp_path, prepared, scene_run, seeds=2, epochs=5000)
    launch = long.start(executor="ray")
    try:
        long.wait_for(4, launch)
        launch.terminate()
        output, errors = launch.communicate(timeout=60)
    finally:
        launch.kill()
    assert launch.returncode == 143, errors
    assert not output
    assert "the same command continues" in errors.splitlines()[-1]
    before = long.log.read_text()
    time.sleep(3)
    assert long.log.read_text() == before
