"""Batch norm synchronised over processes, on CPUs and GPUs (`torch.nn.SyncBatchNorm` supports GPUs only)."""

import torch
from torch import Tensor, nn
from torch.distributed import get_world_size, is_initialized
from torch.distributed.nn import functional as collective


def _mean_over_processes(value: Tensor) -> Tensor:
    total: Tensor = collective.all_reduce(value)  # type: ignore[no-untyped-call]
    return total / get_world_size()


class SyncBatchNorm2d(nn.BatchNorm2d):
    """`nn.BatchNorm2d` whose training statistics are computed over all processes.

    Every process must have the same number of values, so shares of a batch must be equal.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Normalise (batch, channel, mel, frame); in evaluation, or with one process, as `nn.BatchNorm2d`."""
        if not (self.training and is_initialized() and get_world_size() > 1):
            return super().forward(input)
        x = input.float()
        mean = _mean_over_processes(x.mean(dim=(0, 2, 3)))
        # Centred before squaring: the difference of two large sums is inaccurate for channels with a large mean.
        centred = x - mean.view(1, -1, 1, 1)
        variance = _mean_over_processes(centred.square().mean(dim=(0, 2, 3)))
        self._track(mean.detach(), variance.detach(), get_world_size() * x.numel() // x.shape[1])
        scale = torch.rsqrt(variance + self.eps) * self.weight
        normalised: Tensor = centred * scale.view(1, -1, 1, 1) + self.bias.view(1, -1, 1, 1)
        return normalised.to(input.dtype)

    @torch.no_grad()
    def _track(self, mean: Tensor, variance: Tensor, count: int) -> None:
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        momentum = 0.1 if self.momentum is None else self.momentum
        self.num_batches_tracked.add_(1)
        self.running_mean.lerp_(mean, momentum)
        self.running_var.lerp_(variance * count / (count - 1), momentum)


def synchronise_batch_norm(network: nn.Module) -> None:
    """Replace each `nn.BatchNorm2d` inside `network` by a `SyncBatchNorm2d` with the same state, in place."""
    for parent in list(network.modules()):
        for name, child in parent.named_children():
            if type(child) is nn.BatchNorm2d:
                shared = SyncBatchNorm2d(child.num_features, child.eps, child.momentum, child.affine)
                shared.load_state_dict(child.state_dict())
                setattr(parent, name, shared)
