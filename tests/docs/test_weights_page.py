"""What docs/weights.md shows can be run as it stands."""

import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "weights.md"


def test_the_examples_run_and_say_the_truth() -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 2
    first, second = blocks
    data = "import torch\nbatches = [(torch.randn(2, 3, 32, 32), torch.tensor([0, 1]))]\n"
    count = (
        "print(sum(p.numel() for n, p in network.named_parameters() if 'bn' not in n and 'downsample.1' not in n))\n"
    )
    fresh = "network = torchvision.models.resnet18(num_classes=10)\n"
    few = second.replace('"synflow", 200_000, batches', '"synflow", 200_000, batches, iterations=2')
    program = first + count + fresh + data + few + count
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=PAGE.parents[1]
    )
    assert done.stdout.split() == ["200010", "200010"]
