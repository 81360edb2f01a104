"""What a footer says of runs: that of their folders, whatever preset or options asked for."""

import json
from pathlib import Path
from typing import Any

from asc.run_folder import RunFolder
from recipes.what_ran import what_ran


def run(folder: Path, seed: int, epochs: int, network: dict[str, Any], **result: Any) -> RunFolder:
    path = folder / f"{seed}-{epochs}-{len(list(folder.iterdir()))}"
    path.mkdir()
    description = {"seed": seed, "training": {"epochs": 200}, "network": network}
    (path / "description.json").write_text(json.dumps(description))
    (path / "result.json").write_text(json.dumps({"epochs": epochs} | result))
    return RunFolder(path)


def test_scenes_and_images_that_stopped_early_or_failed(tmp_path: Path) -> None:
    scenes = {"kind": "audio-resnet", "width": 16, "depth": 1, "pointwise_depth": 0, "channels": 1, "classes": 10}
    images = {"kind": "mlp", "width": 64, "depth": None, "bias": True, "inputs": 784}
    assert what_ran([run(tmp_path, seed, 50, scenes | {"width": w}) for seed in (0, 1, 2, 3) for w in (32, 8)]) == (
        "epochs 50; seeds 0 to 3; width 8, 32; depth 1; pointwise depth 0"
    )
    stopped = [run(tmp_path, 0, epochs, images) for epochs in (31, 200)]
    failed = run(tmp_path, 7, 0, images, failure="no weight was left")
    assert what_ran([*stopped, failed]) == "epochs 31, 200; seeds 0, 7; width 64"
    assert what_ran([run(tmp_path, 0, epochs, images) for epochs in range(10, 100, 10)]).startswith("epochs 10 to 90;")
    assert what_ran([]) == ""
