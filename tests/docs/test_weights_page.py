"""The code that docs/weights.md shows runs as it stands, and its table lists every scheme."""

import re
import subprocess
import sys

import pytest

from common.errors import ConfigError
from models.weights.schemes import SCHEMES
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "weights.md").read_text(encoding="utf-8")
IN_RUNS, NOT_TOGETHER, FIVE_LINES, SCORED = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_the_schemes_of_a_run_train_as_many_numbers_as_the_page_says(capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, object] = {}
    exec(IN_RUNS, names)  # noqa: S102 - the page's own block
    assert capsys.readouterr().out.strip() == IN_RUNS.split("#")[-1].strip()
    with pytest.raises(ConfigError, match="static, bottleneck"):
        exec(NOT_TOGETHER, names)  # noqa: S102


def test_any_network_keeps_as_many_weights_as_the_page_says() -> None:
    data = "import torch\nbatches = [(torch.randn(2, 3, 32, 32), torch.tensor([0, 1]))]\n"
    count = (
        "print(sum(p.numel() for n, p in network.named_parameters() if 'bn' not in n and 'downsample.1' not in n))\n"
    )
    fresh = "network = torchvision.models.resnet18(num_classes=10)\n"
    few = SCORED.replace('"synflow", 200_000, batches', '"synflow", 200_000, batches, iterations=2')
    program = FIVE_LINES + count + fresh + data + few + count
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == ["200010", "200010"]


def test_every_scheme_is_in_the_table() -> None:
    rows = re.findall(r"^\| `([a-z]+)` \| `(\w+)`, (\w+)\.py \|", PAGE, re.MULTILINE)
    assert sorted(rows) == sorted(
        (scheme.kind, scheme.__name__, scheme.__module__.rpartition(".")[2]) for scheme in SCHEMES
    )
