"""The fast transform against scipy's and against layers that form their weight."""

from collections.abc import Callable
from copy import deepcopy

import numpy as np
import pytest
import scipy.fft
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from common.errors import ConfigError
from models.prunable import Masks
from models.weights.bake import bake
from models.weights.damping import damp
from models.weights.dct import lay_dct_plus_sparse
from models.weights.fast_dct import fast_dct, use_fast_transform
from models.weights.sparse import lay_sparse

Keep = Callable[..., Masks]


@given(st.integers(1, 33), st.integers(0, 20))
def test_transform(length: int, more: int) -> None:
    x = torch.randn(3, length, dtype=torch.float64)
    expected = scipy.fft.dct(x.numpy(), n=length + more, type=2, norm="ortho")
    np.testing.assert_allclose(fast_dct(x, length + more).numpy(), expected, atol=1e-13)


def layers() -> list[tuple[nn.Module, tuple[int, ...]]]:
    return [
        (nn.Linear(7, 12), (5, 7)),
        (nn.Linear(12, 7, bias=False), (2, 3, 12)),
        (nn.Conv2d(4, 9, 1), (2, 4, 5, 6)),
        (nn.Conv2d(3, 8, 3, stride=2, padding=1), (2, 3, 9, 8)),
        (nn.Conv2d(2, 40, 3, dilation=2, padding=(0, 2), bias=False), (1, 2, 7, 6)),
        (nn.Conv2d(2, 5, (3, 1)), (1, 2, 7, 6)),
    ]


@pytest.mark.parametrize("i", range(6))
def test_layers_agree_with_the_matrix_and_so_do_their_gradients(i: int, keep_at_most: Keep) -> None:
    layer, shape = layers()[i]
    lay_dct_plus_sparse(layer, keep_at_most(layer, 6), alpha=0.8)
    nn.init.normal_(layer.get_parameter("parametrizations.weight.original"))
    fast = deepcopy(layer)
    assert use_fast_transform(fast, [""]) == [""]
    x = torch.randn(shape, requires_grad=True)
    outputs = [module(x) for module in (layer, fast)]
    torch.testing.assert_close(outputs[0], outputs[1], atol=1e-5, rtol=1e-5)
    direction = torch.randn_like(outputs[0])
    gradients = [
        torch.autograd.grad(y, [x, *module.parameters()], direction)
        for y, module in zip(outputs, (layer, fast), strict=True)
    ]
    for first, second in zip(*gradients, strict=True):
        torch.testing.assert_close(first, second, atol=1e-4, rtol=1e-4)


def test_the_weight_is_never_formed(keep_at_most: Keep, monkeypatch: pytest.MonkeyPatch) -> None:
    layer = nn.Linear(32, 16)
    lay_dct_plus_sparse(layer, keep_at_most(layer, 20))
    use_fast_transform(layer, [""])
    monkeypatch.setattr("models.weights.dct.DctPlusSparse.forward", lambda *_: pytest.fail("formed"))
    layer(torch.randn(2, 32))


def test_state_copies_and_baking_are_those_of_the_layer(keep_at_most: Keep) -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4, 2))
    plain_keys = list(network.state_dict())
    lay_dct_plus_sparse(network, keep_at_most(network, 6))
    nn.init.normal_(network[0].get_parameter("parametrizations.weight.original"))
    keys, x = list(network.state_dict()), torch.randn(2, 3, 3, 3)
    y = network(x)
    use_fast_transform(network, ["0", "2"])
    use_fast_transform(network, ["0"])  # once is enough, twice does no harm
    assert list(network.state_dict()) == keys
    copy = deepcopy(network)
    bake(network)
    assert [type(module) for module in network] == [nn.Conv2d, nn.Flatten, nn.Linear]
    assert list(network.state_dict()) == plain_keys
    assert torch.equal(network(x), y)
    torch.testing.assert_close(copy(x), y, atol=1e-5, rtol=1e-5)


def test_a_damped_layer_forms_its_weight(keep_at_most: Keep) -> None:
    layer = nn.Conv2d(3, 4, 3)
    lay_dct_plus_sparse(layer, keep_at_most(layer, 6))
    fast = deepcopy(layer)
    use_fast_transform(fast, [""])
    for module in (layer, fast):
        damp(module, 0.3)
    x = torch.randn(1, 3, 5, 5)
    assert torch.equal(fast(x), layer(x))


def test_autocast_computes_the_transform_in_float32(keep_at_most: Keep) -> None:
    layer = nn.Linear(32, 16)
    lay_dct_plus_sparse(layer, keep_at_most(layer, 20))
    use_fast_transform(layer, [""])
    x = torch.randn(4, 32).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        y = layer(x)
    assert y.dtype == torch.bfloat16
    assert torch.equal(y, layer(x.float()).bfloat16())


def test_only_wide_and_very_sparse_layers_by_default(keep_at_most: Keep) -> None:
    network = nn.Sequential(nn.Linear(512, 512), nn.Linear(512, 512), nn.Linear(512, 64))
    masks = keep_at_most(network, 200)
    masks["1"] = keep_at_most(network, 5000)["1"]
    lay_dct_plus_sparse(network, masks)
    assert use_fast_transform(network) == ["0"]


def test_a_layer_that_cannot_be_is_named(keep_at_most: Keep) -> None:
    network = nn.Sequential(nn.Conv2d(4, 4, 3, groups=2), nn.Linear(4, 4))
    masks = keep_at_most(network, 6)
    lay_dct_plus_sparse(network, {"0": masks["0"]})
    lay_sparse(network, {"1": masks["1"]})
    for name in ("0", "1", "2"):
        with pytest.raises(ConfigError, match=name):
            use_fast_transform(network, [name])
