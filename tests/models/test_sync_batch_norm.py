"""Synchronised batch norm: two processes over halves of a batch are torch's batch norm over the whole."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, distributed, multiprocessing, nn

from models.sync_batch_norm import SyncBatchNorm2d, synchronise_batch_norm

pytestmark = pytest.mark.trains


def batch() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    # A mean far from zero: a variance taken as a difference of squares would be lost in it.
    return 100 + torch.randn(4, 3, 5, 6, generator=generator), torch.randn(4, 3, 5, 6, generator=generator)


def work(rank: int, folder: str) -> None:
    distributed.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2)
    layer = SyncBatchNorm2d(3)
    x, target = (tensor[2 * rank : 2 * rank + 2] for tensor in batch())
    x = x.clone().requires_grad_()
    (layer(x) * target).sum().backward()
    results = {"x": x.grad, "weight": layer.weight.grad, "mean": layer.running_mean, "variance": layer.running_var}
    torch.save(results, f"{folder}/rank-{rank}")
    distributed.destroy_process_group()


def test_two_halves_are_the_whole(tmp_path: Path) -> None:
    multiprocessing.spawn(work, (str(tmp_path),), nprocs=2)
    halves = [torch.load(tmp_path / f"rank-{rank}", weights_only=True) for rank in range(2)]
    layer = nn.BatchNorm2d(3).double()
    x, target = (tensor.double() for tensor in batch())
    x.requires_grad_()
    (layer(x) * target).sum().backward()
    assert x.grad is not None
    torch.testing.assert_close(torch.cat([half["x"] for half in halves]).double(), x.grad, rtol=0, atol=1e-5)
    torch.testing.assert_close(sum(half["weight"] for half in halves).double(), layer.weight.grad, rtol=1e-4, atol=1e-4)
    for half in halves:
        torch.testing.assert_close(half["mean"].double(), layer.running_mean)
        torch.testing.assert_close(half["variance"].double(), layer.running_var, rtol=1e-5, atol=1e-6)


def test_alone_and_in_evaluation_it_is_batch_norm() -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    network[1].running_mean += 3
    x = torch.randn(2, 1, 6, 6)
    expected = [network.train()(x), network.eval()(x)]
    keys = list(network.state_dict())
    network[1].load_state_dict(nn.BatchNorm2d(2).state_dict() | {"running_mean": torch.full((2,), 3.0)})
    synchronise_batch_norm(network)
    assert type(network[1]) is SyncBatchNorm2d
    assert list(network.state_dict()) == keys
    assert torch.equal(network.train()(x), expected[0])
