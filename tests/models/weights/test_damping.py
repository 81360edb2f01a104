"""Frequency damping: the matrix of the paper, and what it does to a network."""

import pytest
import torch
from torch import nn

from common.errors import ConfigError
from models.audio.resnet import AudioResNet, AudioResNetSettings
from models.weights.damping import damp, damping_matrix


def test_rows_of_the_matrix() -> None:
    assert damping_matrix((3, 3), 0.1)[0, 0, :, 0].tolist() == pytest.approx([0.1, 1, 0.1])
    assert damping_matrix((5, 5), 0.1)[0, 0, :, 4].tolist() == pytest.approx([0.1, 0.55, 1, 0.55, 0.1])
    assert damping_matrix((1, 7), 0.1).tolist() == torch.ones(1, 1, 1, 7).tolist()


def test_damping_is_constant_along_time() -> None:
    matrix = damping_matrix((5, 3), 0.3)[0, 0]
    assert torch.equal(matrix, matrix[:, :1].expand(5, 3))


@pytest.mark.parametrize("training", [True, False])
def test_a_damped_convolution_is_a_convolution_with_the_damped_weight(training: bool) -> None:
    convolution = nn.Conv2d(3, 4, 3, padding=1)
    weight, x = convolution.weight.detach().clone(), torch.randn(2, 3, 8, 8)
    damp(convolution, 0.2)
    expected = weight * torch.tensor([0.2, 1, 0.2]).view(1, 1, 3, 1)
    torch.testing.assert_close(
        convolution.train(training)(x), nn.functional.conv2d(x, expected, convolution.bias, padding=1)
    )


def test_only_kernels_that_span_mel_bands_are_damped_and_no_parameter_is_added() -> None:
    network = AudioResNet(AudioResNetSettings(width=4))
    before = sum(p.numel() for p in network.parameters())
    damp(network, 0.1)
    assert sum(p.numel() for p in network.parameters()) == before
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            assert hasattr(module, "parametrizations") == (module.kernel_size[0] > 1)


def test_no_damping_at_one() -> None:
    base, damped = AudioResNet(AudioResNetSettings(width=4)), AudioResNet(AudioResNetSettings(width=4))
    weights = base.state_dict()
    damped.load_state_dict(weights)
    damp(damped, 1.0)
    x = torch.randn(2, 1, 64, 64)
    assert torch.equal(base.eval()(x), damped.eval()(x))


def test_gradients_are_damped_too() -> None:
    convolution = nn.Conv2d(1, 1, 3, bias=False)
    damp(convolution, 0.1)
    convolution(torch.ones(1, 1, 3, 3)).sum().backward()
    gradient = convolution.parametrizations.weight.original.grad  # type: ignore[union-attr]
    assert gradient[0, 0, :, 1].tolist() == pytest.approx([0.1, 1, 0.1])


@pytest.mark.parametrize("edge", [-0.1, 1.5])
def test_an_edge_outside_its_range_is_named(edge: float) -> None:
    with pytest.raises(ConfigError, match="damping"):
        damp(nn.Conv2d(1, 1, 3), edge)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_under_autocast_the_weight_is_the_product_rounded_once(layout: torch.memory_format) -> None:
    weight = torch.randn(6, 4, 3, 3, generator=torch.Generator().manual_seed(0)).to(memory_format=layout)
    convolution = nn.Conv2d(4, 6, 3, bias=False)
    convolution.weight = nn.Parameter(weight.clone(memory_format=torch.preserve_format))
    damp(convolution, 0.1)
    x, upstream = torch.randn(2, 4, 9, 9), torch.randn(2, 6, 7, 7)
    plain = weight.clone(memory_format=torch.preserve_format).requires_grad_()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert convolution.weight.dtype == torch.bfloat16
        ours = convolution(x)
        theirs = nn.functional.conv2d(x, plain * damping_matrix((3, 3), 0.1))
    assert torch.equal(ours, theirs)
    for y in (ours, theirs):
        y.backward(upstream.to(y.dtype))
    gradient = convolution.get_parameter("parametrizations.weight.original").grad
    assert plain.grad is not None
    assert gradient is not None
    assert gradient.dtype == torch.float32
    assert torch.equal(gradient, plain.grad)
